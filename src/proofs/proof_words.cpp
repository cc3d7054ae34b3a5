#include <pinhook/proofs/proof_words.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/trust/claim.hpp>

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace pinhook::proofs {
namespace {

using signatures::signature_report;

// A statement of another type is neither the signature nor the attestation that is asked for.
bool is_about(const signature_report& r, const rules::proof_question& asked) {
  return r.statement.empty() ||
         r.statement == (asked.type.empty() ? trust::sign_predicate : std::string_view(asked.type));
}

std::string reason_of(const signature_report& r) {
  std::string who = r.signer.empty() ? std::string(to_string(r.of)) : r.signer;
  if (!r.issuer.empty()) who += fmt::format(" ({})", r.issuer);
  if (!r.platform.empty()) who += fmt::format(" for {}", r.platform);
  return cut_words(printable(fmt::format("{}: {}", who, r.failure->message)), max_reason_size);
}

}  // namespace

rules::proof proof_of(const signatures::image_verdict& verdict, const rules::proof_question& asked) {
  rules::proof out;
  out.is_given = verdict.is_verified;
  out.seen = verdict.unreadable.size() + verdict.left_out;
  const auto add = [&](std::string reason) {
    if (out.reasons.size() < rules::max_proof_lines) out.reasons.push_back(std::move(reason));
  };
  for (const signature_report& one : verdict.signatures) {
    if (!is_about(one, asked)) continue;
    ++out.seen;
    if (!out.is_given && one.failure) add(reason_of(one));
  }
  if (out.is_given) out.good_until = verdict.good_until;
  if (!out.is_given && verdict.signed_tag) out.signed_digest = verdict.signed_tag->digest;
  if (out.is_given) return out;
  for (const std::string& one : verdict.unreadable) add(cut_words(printable(one), max_reason_size));
  // All that was found holds, and something else is missing: a signature for a platform.
  if (out.seen != 0 && out.reasons.empty()) add(cut_words(printable(verdict.reason), max_reason_size));
  return out;
}

}  // namespace pinhook::proofs
