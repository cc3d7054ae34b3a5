#include <pinhook/trust/signature.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/trust/pem.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::trust {
namespace {

// A later version may mean something else by the same members.
struct bundle_version {
  std::string_view media_type;
  // Of each log entry (sigstore_bundle.proto, the comment on the version).
  bool needs_proof;
};
constexpr bundle_version bundle_versions[] = {
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", false},
    {"application/vnd.dev.sigstore.bundle+json;version=0.2", true},
    {"application/vnd.dev.sigstore.bundle+json;version=0.3", true},
    {"application/vnd.dev.sigstore.bundle.v0.3+json", true},
};

constexpr std::string_view statement_type = "application/vnd.in-toto+json";
constexpr std::string_view annotation_prefix = "dev.sigstore.cosign/";

std::unexpected<error> malformed(std::string_view part) {
  return fail(error_code::malformed, fmt::format("the signature's {}", part));
}

result<json::document> parse_json(std::string_view text, std::string_view name) {
  auto out = json::parse(text, {.depth = 64, .size = max_bundle_bytes});
  if (!out)
    return fail(error_code::malformed, fmt::format("the signature's {} is not JSON: {}", name, out.error().message));
  return out;
}

result<inclusion_proof> parse_proof(const json::value& v) {
  inclusion_proof out;
  const auto index = integer_in(v, "logIndex");
  if (!index || *index < 0) return malformed("log entry has an invalid logIndex in its inclusion proof");
  out.index = *index;
  for (const json::value* one : list_in(v, "hashes")) {
    auto bytes = one->IsString() ? decode_any_base64(json::text_of(*one)) : std::nullopt;
    if (!bytes || bytes->size() != 32) return malformed("inclusion proof has a hash that is not 32 bytes");
    out.hashes.push_back(std::move(*bytes));
    if (out.hashes.size() > 64) return malformed("inclusion proof has more than 64 hashes");
  }
  if (const json::value* checkpoint = json::find(v, "checkpoint"))
    out.checkpoint = std::string(text_in(*checkpoint, "envelope"));
  return out;
}

result<log_entry> parse_log_entry(const json::value& v) {
  log_entry out;
  const auto index = integer_in(v, "logIndex");
  const auto time = integer_in(v, "integratedTime");
  auto body = bytes_in(v, "canonicalizedBody");
  if (!index || !time || !body) return malformed("log entry has an invalid logIndex, integratedTime or body");
  out.index = *index;
  out.integrated_time = *time;
  out.body = std::move(*body);
  if (const json::value* log = json::find(v, "logId")) out.log_id = bytes_in(*log, "keyId").value_or(std::string());
  if (const json::value* kind = json::find(v, "kindVersion")) {
    out.kind = std::string(text_in(*kind, "kind"));
    out.version = std::string(text_in(*kind, "version"));
  }
  if (const json::value* promise = json::find(v, "inclusionPromise")) {
    auto bytes = bytes_in(*promise, "signedEntryTimestamp");
    if (!bytes) return malformed("log entry has an invalid signedEntryTimestamp");
    out.promise = std::move(*bytes);
  }
  if (const json::value* proof = json::find(v, "inclusionProof"); proof != nullptr && proof->IsObject()) {
    auto read = parse_proof(*proof);
    if (!read) return fail(std::move(read.error()));
    out.proof = std::move(*read);
  }
  return out;
}

// Version 0.1 and 0.2 have a chain, 0.3 one certificate; a chain of an own PKI came with cosign 3.1.3.
result<std::vector<std::string>> parse_certificates(const json::value& material) {
  std::vector<std::string> out;
  const auto take = [&](const json::value& v) {
    auto bytes = bytes_in(v, "rawBytes");
    if (!bytes || bytes->empty() || out.size() >= max_chain) return false;
    out.push_back(std::move(*bytes));
    return true;
  };
  if (const json::value* one = json::find(material, "certificate")) {
    if (!take(*one)) return malformed("certificate is invalid");
    return out;
  }
  const json::value* chain = json::find(material, "x509CertificateChain");
  if (chain == nullptr) return out;
  for (const json::value* one : list_in(*chain, "certificates"))
    if (!take(*one)) return malformed("certificate chain is invalid or too long");
  return out;
}

std::optional<error> take_envelope(const json::value& envelope, signature& out) {
  const std::string_view type = text_in(envelope, "payloadType");
  if (type != statement_type)
    return error{error_code::unsupported,
                 fmt::format("the signature's payload type {} is not {}", quoted(type, 80), statement_type),
                 std::nullopt};
  auto payload = bytes_in(envelope, "payload");
  if (!payload) return malformed("payload is not base64").error();
  const auto signatures = list_in(envelope, "signatures");
  if (signatures.size() != 1)
    return malformed(fmt::format("envelope has {} signatures; it must have one", signatures.size())).error();
  auto value = bytes_in(*signatures.front(), "sig");
  if (!value || value->empty()) return malformed("value is missing or not base64").error();
  out.payload = std::move(*payload);
  out.message = pre_authentication(type, out.payload);
  out.value = std::move(*value);
  out.stamped = out.value;
  return std::nullopt;
}

std::optional<error> take_material(const json::value& material, signature& out) {
  auto certificates = parse_certificates(material);
  if (!certificates) return std::move(certificates.error());
  out.certificates = std::move(*certificates);
  for (const json::value* one : list_in(material, "tlogEntries")) {
    if (out.log_entries.size() >= max_proofs)
      return malformed(fmt::format("log entries are more than {}", max_proofs)).error();
    auto entry = parse_log_entry(*one);
    if (!entry) return std::move(entry.error());
    out.log_entries.push_back(std::move(*entry));
  }
  const json::value* stamps = json::find(material, "timestampVerificationData");
  if (stamps == nullptr) return std::nullopt;
  for (const json::value* one : list_in(*stamps, "rfc3161Timestamps")) {
    if (out.timestamps.size() >= max_proofs)
      return malformed(fmt::format("timestamps are more than {}", max_proofs)).error();
    auto bytes = bytes_in(*one, "signedTimestamp");
    if (!bytes || bytes->empty()) return malformed("timestamp is not base64").error();
    out.timestamps.push_back(std::move(*bytes));
  }
  return std::nullopt;
}

// The annotation dev.sigstore.cosign/bundle: a promise of Rekor v1.
result<log_entry> parse_legacy_entry(std::string_view text) {
  const auto parsed = parse_json(text, "log entry");
  if (!parsed) return fail(parsed.error());
  const json::value* payload = json::find(*parsed, "Payload");
  auto promise = bytes_in(*parsed, "SignedEntryTimestamp");
  if (payload == nullptr || !promise) return malformed("log entry has no Payload or SignedEntryTimestamp");
  const auto body = bytes_in(*payload, "body");
  const auto index = integer_in(*payload, "logIndex");
  const auto time = integer_in(*payload, "integratedTime");
  const auto id = decode_hexadecimal(text_in(*payload, "logID"));
  if (!body || !index || !time || !id)
    return malformed("log entry has an invalid body, logIndex, integratedTime or logID");
  log_entry out;
  out.log_id = *id;
  out.index = *index;
  out.integrated_time = *time;
  out.promise = std::move(*promise);
  out.body = *body;
  const auto entry = parse_json(out.body, "log entry's body");
  if (!entry) return fail(entry.error());
  out.kind = std::string(text_in(*entry, "kind"));
  out.version = std::string(text_in(*entry, "apiVersion"));
  return out;
}

// What cosign's older layout keeps beside a payload: certificates, an entry of a log, a timestamp.
std::optional<error> take_annotations(const std::map<std::string, std::string>& annotations, signature& out) {
  const auto annotation = [&](std::string_view name) -> const std::string* {
    const auto found = annotations.find(fmt::format("{}{}", annotation_prefix, name));
    return found == annotations.end() ? nullptr : &found->second;
  };
  for (const std::string_view name : {"certificate", "chain"}) {
    const std::string* text = annotation(name);
    if (text == nullptr || text->empty()) continue;
    for (std::string& der : certificates_in_pem(*text, max_chain)) out.certificates.push_back(std::move(der));
    if (out.certificates.empty()) return malformed("certificate is not PEM").error();
  }
  if (const std::string* entry = annotation("bundle")) {
    auto read = parse_legacy_entry(*entry);
    if (!read) return std::move(read.error());
    out.log_entries.push_back(std::move(*read));
  }
  if (const std::string* stamp = annotation("rfc3161timestamp")) {
    const auto parsed = parse_json(*stamp, "timestamp");
    auto bytes = parsed ? bytes_in(*parsed, "SignedRFC3161Timestamp") : std::nullopt;
    if (!bytes || bytes->empty()) return malformed("timestamp is not base64").error();
    out.timestamps.push_back(std::move(*bytes));
  }
  return std::nullopt;
}

}  // namespace

std::string pre_authentication(std::string_view type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

result<signature> parse_bundle(std::string_view json_text) {
  const auto parsed = parse_json(json_text, "bundle");
  if (!parsed) return fail(parsed.error());
  const std::string_view type = text_in(*parsed, "mediaType");
  const auto* const version = std::ranges::find(bundle_versions, type, &bundle_version::media_type);
  if (version == std::end(bundle_versions))
    return fail(error_code::unsupported, fmt::format("the bundle's media type {} is not supported", quoted(type, 80)));
  const json::value* envelope = json::find(*parsed, "dsseEnvelope");
  const json::value* material = json::find(*parsed, "verificationMaterial");
  if (envelope == nullptr || material == nullptr)
    return fail(error_code::unsupported, "the bundle has no DSSE envelope with its verification material");
  signature out;
  if (auto failed = take_envelope(*envelope, out)) return fail(std::move(*failed));
  if (auto failed = take_material(*material, out)) return fail(std::move(*failed));
  for (log_entry& one : out.log_entries) one.needs_proof = version->needs_proof;
  return out;
}

result<signature> parse_simple_signing(std::string payload, const std::map<std::string, std::string>& annotations) {
  signature out;
  out.as = signature::form::simple_signing;
  const auto signed_by = annotations.find("dev.cosignproject.cosign/signature");
  auto value = signed_by == annotations.end() ? std::nullopt : decode_any_base64(signed_by->second);
  if (!value || value->empty())
    return malformed("annotation dev.cosignproject.cosign/signature is missing or not base64");
  out.value = std::move(*value);
  out.stamped = out.value;
  out.message = payload;
  out.payload = std::move(payload);
  if (auto failed = take_annotations(annotations, out)) return fail(std::move(*failed));
  return out;
}

result<signature> parse_envelope(std::string envelope, const std::map<std::string, std::string>& annotations) {
  const auto parsed = parse_json(envelope, "envelope");
  if (!parsed) return fail(parsed.error());
  signature out;
  if (auto failed = take_envelope(*parsed, out)) return fail(std::move(*failed));
  out.stamped = std::move(envelope);
  if (auto failed = take_annotations(annotations, out)) return fail(std::move(*failed));
  return out;
}

}  // namespace pinhook::trust
