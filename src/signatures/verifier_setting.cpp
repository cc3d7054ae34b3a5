#include <pinhook/signatures/verifier_setting.hpp>

#include <pinhook/base/hexadecimal.hpp>

#include <re2/re2.h>

#include <algorithm>

namespace pinhook::signatures {
namespace {

bool needs_root(const cosign_setting& s) { return !s.identities.empty() || (s.required && !s.required->empty()); }

std::optional<std::string> fault_of_identity(const identity_setting& one) {
  if (one.issuer && one.issuer_regexp) return "identities: issuer and issuer_regexp exclude each other";
  if (one.subject && one.subject_regexp) return "identities: subject and subject_regexp exclude each other";
  if (!one.subject && !one.subject_regexp) return "identities: subject or subject_regexp is missing";
  // The issuer says who vouches for the subject: without it, anyone whom the authority lets in could claim it.
  if (!one.issuer && !one.issuer_regexp)
    return "identities: issuer or issuer_regexp is missing; with an authority of your own, issuer_regexp: \".*\" takes "
           "every one";
  return std::nullopt;
}

std::optional<std::string> fault_of_cosign(const cosign_setting& s) {
  if (s.keys.empty() && s.identities.empty()) return "cosign: keys or identities are missing: no one could sign";
  for (const auto& one : s.identities)
    if (auto fault = fault_of_identity(one)) return "cosign." + *fault;
  if (needs_root(s) && s.trusted_root.empty())
    return s.identities.empty() ? "cosign: require needs a trusted_root: it says whose logs and timestamps are believed"
                                : "cosign: identities need a trusted_root: it says whose certificates are believed";
  if (s.identities.empty() && s.sct) return "cosign.sct is for the certificates of identities; there are keys alone";
  if (s.keys.empty() && !s.digest_algorithm.empty())
    return "cosign.digest_algorithm is for keys; there are identities alone";
  return std::nullopt;
}

std::optional<std::string> fault_of_notation(const notation_setting& s) {
  if (s.trust_policy.empty()) return "notation.trust_policy is missing: the path of a trustpolicy.json";
  if (s.trust_store.empty()) return "notation.trust_store is missing: the path of the directory truststore";
  return std::nullopt;
}

std::optional<std::string> fault_of_content_trust(const content_trust_setting& s) {
  if (s.server.empty()) return "content_trust.server is missing: the URL of the Notary server";
  if (!s.server.starts_with("https://") && !s.server.starts_with("http://"))
    return "content_trust.server must begin with https:// (or http://)";
  if (s.root_key_ids.empty() == s.root.empty())
    return "content_trust: either root_key_ids or root says where trust begins";
  const auto is_id = [](const std::string& id) {
    const auto bytes = decode_hexadecimal(id);
    return bytes && bytes->size() == 32 && std::ranges::none_of(id, [](char c) { return c >= 'A' && c <= 'F'; });
  };
  if (!std::ranges::all_of(s.root_key_ids, is_id))
    return "content_trust.root_key_ids: an ID is 64 hexadecimal digits in lower case";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of_regexp(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(std::string(text), options);
  return compiled.ok() ? std::nullopt : std::optional(compiled.error());
}

std::optional<std::string> fault_of(const verifier_setting& setting) {
  if (const auto* s = std::get_if<cosign_setting>(&setting.by)) return fault_of_cosign(*s);
  if (const auto* s = std::get_if<notation_setting>(&setting.by)) return fault_of_notation(*s);
  return fault_of_content_trust(std::get<content_trust_setting>(setting.by));
}

}  // namespace pinhook::signatures
