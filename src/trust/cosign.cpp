#include <pinhook/trust/cosign.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/claim.hpp>
#include <pinhook/trust/log_proof.hpp>
#include <pinhook/trust/signing_certificate.hpp>
#include <pinhook/trust/timestamp_token.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace pinhook::trust {
namespace {

error denied_cosign(std::string reason) { return {error_code::denied, std::move(reason), std::nullopt}; }

// The proofs of time and log that hold, and why the last one that does not fails.
struct proofs {
  std::vector<wall_time> stamped;
  std::vector<wall_time> promised;
  bool is_logged = false;
  std::optional<error> stamp_failure;
  std::optional<error> log_failure;
};

proofs proofs_of(const signature& of, const signer& by, const cosign_policy& policy) {
  proofs out;
  if (!policy.root) return out;
  for (const std::string& stamp : of.timestamps) {
    const auto when = verify_timestamp(stamp, of.stamped, policy.root->timestamp_authorities);
    if (when)
      out.stamped.push_back(*when);
    else
      out.stamp_failure = when.error();
  }
  for (const log_entry& entry : of.log_entries) {
    const auto proven = verify_log_entry(entry, of, by, policy.root->logs);
    if (!proven) {
      out.log_failure = proven.error();
      continue;
    }
    out.is_logged = true;
    if (proven->time) out.promised.push_back(*proven->time);
  }
  return out;
}

std::optional<error> missing_proof(const proofs& found, const cosign_policy& policy) {
  if (policy.needs_log && !found.is_logged)
    return found.log_failure ? *found.log_failure : denied_cosign("it has no entry of a transparency log");
  if (policy.needs_timestamp && found.stamped.empty())
    return found.stamp_failure ? *found.stamp_failure : denied_cosign("it has no timestamp");
  return std::nullopt;
}

std::optional<wall_time> earliest(const proofs& found) {
  std::optional<wall_time> out;
  for (const auto* all : {&found.stamped, &found.promised})
    for (const wall_time when : *all) out = out ? std::min(*out, when) : when;
  return out;
}

std::optional<error> check_claim(const signature& of, std::string_view digest, const cosign_policy& policy) {
  const auto found = read_claim(of, digest);
  if (!found) return found.error();
  if (!policy.predicate_type.empty() && found->predicate_type != policy.predicate_type)
    return denied_cosign(
        fmt::format("it is a statement of type {}, not {}", quoted(found->predicate_type, 100), policy.predicate_type));
  for (const auto& [name, value] : policy.annotations) {
    const auto at = found->annotations.find(name);
    if (at == found->annotations.end()) return denied_cosign(fmt::format("it has no annotation {}", name));
    if (at->second != value)
      return denied_cosign(
          fmt::format("its annotation {} is {}, not {}", name, quoted(at->second, 60), quoted(value, 60)));
  }
  for (const auto& [pointer, value] : policy.fields) {
    const auto written = text_at(found->document, pointer);
    if (!written) return denied_cosign(fmt::format("its statement has no text at {}", pointer));
    if (*written != value)
      return denied_cosign(
          fmt::format("its statement has {} at {}, not {}", quoted(*written, 120), pointer, quoted(value, 120)));
  }
  return std::nullopt;
}

verdict verify_by_key(const signature& of, std::string_view digest, const cosign_policy& policy) {
  verdict out;
  for (const public_key& key : policy.keys) {
    const auto by =
        policy.digest_algorithm
            ? (key.verifies(of.message, of.value, *policy.digest_algorithm) ? policy.digest_algorithm : std::nullopt)
            : key.made_with(of.message, of.value);
    if (!by) continue;
    out.signer = fmt::format("key sha256:{}", encode_hexadecimal(key.id()).substr(0, 12));
    out.failure = check_claim(of, digest, policy);
    if (out.failure) return out;
    const proofs found = proofs_of(of, {key, *by, {}}, policy);
    out.signed_at = earliest(found);
    out.failure = missing_proof(found, policy);
    return out;
  }
  out.failure =
      denied_cosign(policy.keys.size() == 1 ? "it was not made by the key" : "it was not made by one of the keys");
  return out;
}

// The certificate has to hold at each proven time: a time outside of its life says that its key was used after it, or
// that a clock is wrong (sigstore-conformance, intoto-tsa-timestamp-outside-cert-validity).
result<std::string> issued_by_at(const signing_certificate& leaf, const proofs& found, const trusted_root& root) {
  std::vector<wall_time> times = found.stamped;
  times.insert(times.end(), found.promised.begin(), found.promised.end());
  if (times.empty()) {
    if (found.stamp_failure) return fail(*found.stamp_failure);
    if (found.log_failure) return fail(*found.log_failure);
    return fail(error_code::denied,
                "nothing proves when it was made, and its certificate was valid for a short time only");
  }
  result<std::string> issued = fail(error_code::internal, "no time");
  for (const wall_time one : times) {
    issued = leaf.issued_by(root.authorities, one);
    if (!issued) return issued;
  }
  return issued;
}

bool is_allowed(const signing_certificate& leaf, const identity_rule& rule) {
  if (rule.issuer && !rule.issuer(leaf.issuer())) return false;
  return !rule.subject || std::ranges::any_of(leaf.identities(), rule.subject);
}

verdict verify_by_identity(const signature& of, std::string_view digest, const cosign_policy& policy) {
  verdict out;
  const auto leaf = signing_certificate::parse(of.certificates);
  if (!leaf) {
    out.failure = of.certificates.empty()
                      ? denied_cosign("it was made by a key, without a certificate that names someone")
                      : leaf.error();
    return out;
  }
  out.signer = fmt::format("{}", fmt::join(leaf->identities(), ", "));
  out.issuer = leaf->issuer();
  const auto by = leaf->key().made_with(of.message, of.value);
  if (!by) {
    out.failure = denied_cosign("it was not made by the key of its certificate");
    return out;
  }
  const proofs found = proofs_of(of, {leaf->key(), *by, leaf->der()}, policy);
  const auto issued = issued_by_at(*leaf, found, *policy.root);
  if (!issued) {
    out.failure = issued.error();
    return out;
  }
  out.signed_at = earliest(found);
  if (policy.needs_sct && !leaf->is_logged(*issued, policy.root->certificate_logs)) {
    out.failure = denied_cosign("no trusted log of certificates knows its certificate (SCT)");
    return out;
  }
  if (std::ranges::none_of(policy.identities, [&](const identity_rule& rule) { return is_allowed(*leaf, rule); })) {
    out.failure = denied_cosign(fmt::format("it was made by {} (issuer {}), who may not sign for this",
                                            quoted(out.signer, 200), quoted(out.issuer, 120)));
    return out;
  }
  out.failure = missing_proof(found, policy);
  if (!out.failure) out.failure = check_claim(of, digest, policy);
  return out;
}

}  // namespace

verdict verify_cosign(const signature& of, std::string_view digest, const cosign_policy& policy) {
  if (!policy.keys.empty()) return verify_by_key(of, digest, policy);
  if (policy.root && !policy.identities.empty()) return verify_by_identity(of, digest, policy);
  verdict out;
  out.failure = error{error_code::internal, "the verifier has neither keys nor identities with a trusted root", {}};
  return out;
}

}  // namespace pinhook::trust
