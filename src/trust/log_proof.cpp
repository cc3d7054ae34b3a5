#include <pinhook/trust/log_proof.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/trust/checkpoint.hpp>
#include <pinhook/trust/pem.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace pinhook::trust {
namespace {

std::unexpected<error> denied_proof(std::string_view reason) { return fail(error_code::denied, std::string(reason)); }

std::string_view algorithm_name(hash by) {
  switch (by) {
    case hash::sha384:
      return "SHA2_384";
    case hash::sha512:
      return "SHA2_512";
    default:
      return "SHA2_256";
  }
}

// PublicKeyDetails of sigstore_common.proto, and the hash of the entry; no value: no entry has such a key.
struct key_form {
  std::string name;
  hash by;
};
std::optional<key_form> form_of(const signer& by) {
  using kind = public_key::kind;
  switch (by.key.type()) {
    case kind::p256:
      if (by.by == hash::sha256) return key_form{"PKIX_ECDSA_P256_SHA_256", hash::sha256};
      break;
    case kind::p384:
      if (by.by == hash::sha384) return key_form{"PKIX_ECDSA_P384_SHA_384", hash::sha384};
      break;
    case kind::p521:
      if (by.by == hash::sha512) return key_form{"PKIX_ECDSA_P521_SHA_512", hash::sha512};
      break;
    case kind::rsa:
      if (by.by == hash::sha256)
        return key_form{fmt::format("PKIX_RSA_PKCS1V15_{}_SHA256", by.key.bits()), hash::sha256};
      break;
    case kind::ed25519:
      return key_form{"PKIX_ED25519_PH", hash::sha512};
  }
  return std::nullopt;
}

// Canonical JSON, by hand: every text in it is base64 or a name of ours. Nothing of the entry as it was sent is used.
std::optional<std::string> rekor2_entry(const signature& of, const signer& by) {
  const auto form = form_of(by);
  if (!form) return std::nullopt;
  const std::string verifier =
      by.certificate.empty() ? fmt::format(R"("publicKey":{{"rawBytes":"{}"}})", encode_base64(by.key.spki()))
                             : fmt::format(R"("x509Certificate":{{"rawBytes":"{}"}})", encode_base64(by.certificate));
  return fmt::format(
      R"({{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"{}","digest":"{}"}},)"
      R"("signature":{{"content":"{}","verifier":{{"keyDetails":"{}",{}}}}}}}}}}})",
      algorithm_name(form->by), encode_base64(digest_of(form->by, of.message)), encode_base64(of.value), form->name,
      verifier);
}

// The log's place for the signer: base64 of PEM, of a certificate or a key.
bool is_signer(std::string_view base64_of_pem, const signer& by) {
  const auto pem = decode_any_base64(base64_of_pem);
  if (!pem) return false;
  if (!by.certificate.empty()) {
    const auto found = certificates_in_pem(*pem, 1);
    return !found.empty() && found.front() == by.certificate;
  }
  const auto key = public_key::parse_pem(*pem);
  return key && *key == by.key;
}

bool is_base64_of(std::string_view text, std::string_view bytes) {
  const auto decoded = decode_any_base64(text);
  return decoded && *decoded == bytes;
}

bool is_hash_of(const json::value* v, std::string_view bytes) {
  if (v == nullptr) return false;
  const std::string_view name = text_in(*v, "algorithm");
  const std::string hex(text_in(*v, "value"));
  if (name == "sha256") return hex == encode_hexadecimal(digest_of(hash::sha256, bytes));
  if (name == "sha384") return hex == encode_hexadecimal(digest_of(hash::sha384, bytes));
  return name == "sha512" && hex == encode_hexadecimal(digest_of(hash::sha512, bytes));
}

bool is_hashedrekord_of(const json::value& spec, const signature& of, const signer& by) {
  const json::value* made = json::find(spec, "signature");
  const json::value* key = made == nullptr ? nullptr : json::find(*made, "publicKey");
  return key != nullptr && is_hash_of(find_path(spec, {"data", "hash"}), of.message) &&
         is_base64_of(text_in(*made, "content"), of.value) && is_signer(text_in(*key, "content"), by);
}

bool is_dsse_of(const json::value& spec, const signature& of, const signer& by) {
  if (of.as != signature::form::dsse || !is_hash_of(json::find(spec, "payloadHash"), of.payload)) return false;
  return std::ranges::any_of(list_in(spec, "signatures"), [&](const json::value* one) {
    return is_base64_of(text_in(*one, "signature"), of.value) && is_signer(text_in(*one, "verifier"), by);
  });
}

// Here the signature is base64 twice.
bool is_intoto_of(const json::value& spec, const signature& of, const signer& by) {
  const json::value* content = json::find(spec, "content");
  if (of.as != signature::form::dsse || content == nullptr) return false;
  if (!is_hash_of(json::find(*content, "payloadHash"), of.payload)) return false;
  const json::value* envelope = json::find(*content, "envelope");
  if (envelope == nullptr) return false;
  return std::ranges::any_of(list_in(*envelope, "signatures"), [&](const json::value* one) {
    const auto once = decode_any_base64(text_in(*one, "sig"));
    return once && is_base64_of(*once, of.value) && is_signer(text_in(*one, "publicKey"), by);
  });
}

struct entry_form {
  std::string_view kind;
  std::string_view version;
  bool (*is_of)(const json::value& spec, const signature& of, const signer& by);
};
constexpr entry_form rekor1_forms[] = {
    {"hashedrekord", "0.0.1", is_hashedrekord_of},
    {"dsse", "0.0.1", is_dsse_of},
    {"intoto", "0.0.2", is_intoto_of},
};

std::optional<error> compare_rekor1(const log_entry& entry, const signature& of, const signer& by) {
  const auto* const form = std::ranges::find_if(
      rekor1_forms, [&](const entry_form& f) { return f.kind == entry.kind && f.version == entry.version; });
  if (form == std::end(rekor1_forms))
    return error{error_code::unsupported,
                 fmt::format("its log entry is of a form that is not known: {} {}", quoted(entry.kind, 40),
                             quoted(entry.version, 20)),
                 std::nullopt};
  const auto body = json::parse(entry.body, {.depth = 32, .size = max_bundle_bytes});
  if (!body) return error{error_code::malformed, "its log entry is not JSON", std::nullopt};
  const json::value* spec = json::find(*body, "spec");
  if (spec == nullptr || text_in(*body, "kind") != entry.kind || text_in(*body, "apiVersion") != entry.version ||
      !form->is_of(*spec, of, by))
    return denied_proof("its log entry is of another signature").error();
  return std::nullopt;
}

std::string promised_text(const log_entry& entry) {
  return fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})", encode_base64(entry.body),
                     entry.integrated_time, encode_hexadecimal(entry.log_id), entry.index);
}

std::optional<error> check_inclusion(const inclusion_proof& proof, std::string_view entry, const trusted_log& log,
                                     bool has_origin) {
  const auto head = checkpoint::parse(proof.checkpoint);
  if (!head) return head.error();
  if (!head->is_signed_by(log) || (has_origin && head->origin != log.origin))
    return denied_proof("the checkpoint of its log entry is not signed by the log").error();
  const auto root = root_of(leaf_hash(entry), proof.index, head->size, proof.hashes);
  if (!root || *root != head->root) return denied_proof("the inclusion proof of its log entry does not hold").error();
  return std::nullopt;
}

result<log_proof> verify_rekor1(const log_entry& entry, const signature& of, const signer& by, const trusted_log& log) {
  if (auto failed = compare_rekor1(entry, of, by)) return fail(std::move(*failed));
  if (entry.promise.empty() && !entry.proof)
    return denied_proof("its log entry has neither a promise nor an inclusion proof");
  if (entry.needs_proof && !entry.proof)
    return denied_proof("its log entry has no inclusion proof, which bundles have from version 0.2 on");
  log_proof out{log.origin, std::nullopt};
  if (!entry.promise.empty()) {
    if (!log.key.verifies(promised_text(entry), entry.promise, hash::sha256))
      return denied_proof("the log's promise (signed entry timestamp) does not fit the entry");
    const wall_time when{std::chrono::seconds(entry.integrated_time)};
    if (!log.valid.holds_at(when))
      return denied_proof("its log entry is from a time at which the log's key was not valid");
    out.time = when;
  }
  if (entry.proof)
    if (auto failed = check_inclusion(*entry.proof, entry.body, log, false)) return fail(std::move(*failed));
  return out;
}

result<log_proof> verify_rekor2(const log_entry& entry, const signature& of, const signer& by, const trusted_log& log) {
  if (!entry.proof) return denied_proof("its log entry has no inclusion proof");
  const auto body = rekor2_entry(of, by);
  if (!body) return fail(error_code::unsupported, "the log has no form for a signature of this key and hash");
  if (auto failed = check_inclusion(*entry.proof, *body, log, true)) {
    if (entry.body != *body) return denied_proof("its log entry is of another signature");
    return fail(std::move(*failed));
  }
  return log_proof{log.origin, std::nullopt};
}

}  // namespace

result<log_proof> verify_log_entry(const log_entry& entry, const signature& of, const signer& by,
                                   const std::vector<trusted_log>& logs) {
  // Years that the clock cannot hold.
  constexpr std::int64_t last_second = 9'000'000'000;
  if (entry.integrated_time < 0 || entry.integrated_time > last_second)
    return fail(error_code::malformed, "its log entry has an invalid time");
  std::optional<error> failure;
  for (const trusted_log& log : logs) {
    if (log.id != entry.log_id) continue;
    const bool is_rekor2 = entry.kind == "hashedrekord" && entry.version == "0.0.2";
    auto proven = is_rekor2 ? verify_rekor2(entry, of, by, log) : verify_rekor1(entry, of, by, log);
    if (proven) return proven;
    failure = std::move(proven.error());
  }
  if (failure) return fail(std::move(*failure));
  return denied_proof("its log entry is of a log that is not trusted");
}

}  // namespace pinhook::trust
