#include <pinhook/trust/notation.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/openssl_values.hpp>
#include <pinhook/trust/openssl_owned.hpp>
#include <pinhook/trust/public_key.hpp>
#include <pinhook/trust/timestamp_token.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::string_view payload_type = "application/vnd.cncf.notary.payload.v1+json";
constexpr std::string_view plain_scheme = "notary.x509";
constexpr std::string_view authority_scheme = "notary.x509.signingAuthority";
// Critical headers that are understood here.
constexpr std::array<std::string_view, 4> understood{"io.cncf.notary.signingScheme", "io.cncf.notary.expiry",
                                                     "io.cncf.notary.authenticSigningTime", "3"};

error denied_notation(std::string reason) { return {error_code::denied, std::move(reason), std::nullopt}; }
error malformed_notation(std::string reason) { return {error_code::malformed, std::move(reason), std::nullopt}; }

std::string der_text(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

struct signer_subject {
  subject_attributes attributes;
  /// Those that are in it more than once: which one a policy means cannot be said.
  std::set<std::string, std::less<>> repeated;
};

signer_subject subject_of(const X509* leaf) {
  signer_subject out;
  const X509_NAME* name = X509_get_subject_name(leaf);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* one = X509_NAME_get_entry(name, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(one));
    const char* attribute = kind == NID_streetAddress ? "STREET" : OBJ_nid2sn(kind);
    if (attribute == nullptr) continue;
    const bool is_first = out.attributes.emplace(attribute, der_text(X509_NAME_ENTRY_get_data(one))).second;
    if (!is_first) out.repeated.emplace(attribute);
  }
  return out;
}

std::string written(const subject_attributes& subject) {
  std::string out;
  for (const auto& [name, value] : subject) out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value);
  return out;
}

bool is_trusted(const signer_subject& subject, const notation_rule& rule) {
  return rule.trusts_every_subject || std::ranges::any_of(rule.subjects, [&](const subject_attributes& wanted) {
           return std::ranges::all_of(wanted, [&](const auto& one) {
             const auto found = subject.attributes.find(one.first);
             return found != subject.attributes.end() && found->second == one.second &&
                    !subject.repeated.contains(one.first);
           });
         });
}

// The certificates of the rule's stores of a type.
std::vector<std::string> certificates_of(std::string_view type, const notation_rule& rule, const trust_stores& stores) {
  std::vector<std::string> out;
  for (const std::string& name : rule.stores) {
    if (!name.starts_with(fmt::format("{}:", type))) continue;
    const auto found = stores.find(name);
    if (found != stores.end()) out.insert(out.end(), found->second.begin(), found->second.end());
  }
  return out;
}

std::optional<error> check_integrity(const notation_signature& of, const public_key& key) {
  if (of.content_type != payload_type)
    return malformed_notation(fmt::format("its content type is not {}", payload_type));
  for (const std::string& one : of.critical)
    if (std::ranges::find(understood, one) == understood.end())
      return error{error_code::unsupported,
                   fmt::format("it has a critical header that is not known: {}", quoted(one, 80)), std::nullopt};
  if (of.algorithm != key.jose_algorithm())
    return denied_notation(fmt::format("its algorithm {} is not that of its key", quoted(of.algorithm, 20)));
  if (!key.verifies_jose(of.message, of.value)) return denied_notation("it was not made by the key of its certificate");
  return std::nullopt;
}

std::optional<error> check_payload(const notation_signature& of, const notation_subject& subject) {
  const auto parsed = json::parse(of.payload, {.depth = 16, .size = std::size_t{1024} * 1024});
  const json::value* target = parsed ? json::find(*parsed, "targetArtifact") : nullptr;
  if (target == nullptr) return malformed_notation("its payload is not a notary payload");
  if (const auto digest = text_in(*target, "digest"); digest != subject.digest)
    return denied_notation(fmt::format("it is about another image: {}", quoted(digest, 80)));
  if (text_in(*target, "mediaType") != subject.media_type || json::find_integer(*target, "size") != subject.size)
    return denied_notation("it is about the digest with another media type or size");
  return std::nullopt;
}

// When the certificates must hold, and the proof of it.
struct moment {
  wall_time at{};
  std::optional<wall_time> proven;
  std::optional<error> failure;
};

moment moment_of_signing(const notation_signature& of, const notation_rule& rule, const trust_stores& stores,
                         bool is_expired, wall_time now) {
  moment out{now, std::nullopt, std::nullopt};
  if (of.scheme == authority_scheme) {
    if (of.authentic_signing_time) out.at = *(out.proven = of.authentic_signing_time);
    if (!of.authentic_signing_time) out.failure = malformed_notation("it has no authentic signing time");
    return out;
  }
  const auto anchors = certificates_of("tsa", rule, stores);
  if (anchors.empty() || (rule.is_timestamp_after_expiry_only && !is_expired)) return out;
  if (of.timestamp.empty()) {
    if (is_expired)
      out.failure = denied_notation("its certificate has expired, and no timestamp proves that it was made before");
    return out;
  }
  const auto when = verify_timestamp_token(of.timestamp, of.value, anchors);
  if (when)
    out.at = *(out.proven = *when);
  else
    out.failure = when.error();
  return out;
}

// Null: good.
std::optional<error> check_chain(const notation_signature& of, const std::vector<std::string>& anchors,
                                 wall_time when) {
  const auto leaf = read_certificate(of.certificates.front());
  if (!leaf) return malformed_notation("its certificate cannot be read");
  const std::uint32_t usage = X509_get_extended_key_usage(leaf.get());
  if (usage != UINT32_MAX && (usage & XKU_CODE_SIGN) == 0)
    return denied_notation("its certificate is not for signing code");
  const auto others = read_certificates(of.certificates, 1, of.certificates.size());
  std::string reason = "its certificates lead to none of the policy's trust stores";
  for (const std::string& one : of.certificates) {
    if (std::ranges::find(anchors, one) == anchors.end()) continue;
    const auto anchor = read_certificate(one);
    const auto store = anchor ? store_of(anchor.get(), std::chrono::system_clock::to_time_t(when)) : nullptr;
    const owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    if (!store || !others || !context) continue;
    if (X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others.get()) != 1) continue;
    if (X509_verify_cert(context.get()) == 1) return std::nullopt;
    reason = fmt::format("its certificates do not hold: {}",
                         X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  return denied_notation(std::move(reason));
}

// The last moment at which all certificates are valid; none: one cannot be read.
std::optional<wall_time> end_of_certificates(const notation_signature& of) {
  std::optional<wall_time> out;
  for (const std::string& der : of.certificates) {
    const auto one = read_certificate(der);
    const auto last = one ? moment_of(X509_get0_notAfter(one.get())) : std::nullopt;
    if (!last) return std::nullopt;
    out = out ? std::min(*out, *last) : *last;
  }
  return out;
}

// The first failure that the level enforces.
void note(verdict& out, check_action action, std::optional<error> failure) {
  if (failure && action == check_action::enforce && !out.failure) out.failure = std::move(failure);
}

}  // namespace

verdict verify_notation(const notation_signature& of, const notation_subject& subject, const notation_rule& rule,
                        const trust_stores& stores, wall_time now) {
  verdict out;
  if (rule.level.is_skipped) return out;
  ERR_clear_error();
  const auto leaf = of.certificates.empty() ? nullptr : read_certificate(of.certificates.front());
  const auto key = public_key::of_info(leaf ? X509_get_X509_PUBKEY(leaf.get()) : nullptr);
  ERR_clear_error();
  if (!key) {
    out.failure = malformed_notation("its certificate cannot be read, or its key is not supported");
    return out;
  }
  const signer_subject signer = subject_of(leaf.get());
  out.signer = written(signer.attributes);
  const bool is_known_scheme = of.scheme == plain_scheme || of.scheme == authority_scheme;
  // Integrity is enforced at every level.
  out.failure = is_known_scheme ? check_integrity(of, *key)
                                : error{error_code::unsupported,
                                        fmt::format("its signing scheme {} is not known", quoted(of.scheme, 60)),
                                        {}};
  if (!out.failure) out.failure = check_payload(of, subject);
  if (out.failure) return out;

  const auto end = end_of_certificates(of);
  const moment when = moment_of_signing(of, rule, stores, !end || *end < now, now);
  out.signed_at = when.proven;
  if (!when.proven) out.good_until = end;
  if (of.expiry) out.good_until = out.good_until ? std::min(*out.good_until, *of.expiry) : of.expiry;
  note(out, rule.level.authentic_timestamp, when.failure);
  const auto anchors = certificates_of(of.scheme == authority_scheme ? "signingAuthority" : "ca", rule, stores);
  // Certificates that have expired are a matter of time, others of trust.
  auto failed = check_chain(of, anchors, when.at);
  const bool is_matter_of_time = failed && !check_chain(of, anchors, of.signing_time.value_or(when.at)) && !when.proven;
  note(out, is_matter_of_time ? rule.level.authentic_timestamp : rule.level.authenticity, std::move(failed));
  if (!is_trusted(signer, rule))
    note(out, rule.level.authenticity,
         denied_notation(fmt::format("it was made by {}, who is no trusted identity", quoted(out.signer, 200))));
  if (of.expiry && *of.expiry < now) note(out, rule.level.expiry, denied_notation("it has expired"));
  ERR_clear_error();
  return out;
}

}  // namespace pinhook::trust
