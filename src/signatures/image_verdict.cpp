#include <pinhook/signatures/image_verdict.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/trust/claim.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace pinhook::signatures {
namespace {

using report_kind = signature_report::kind;

// Reasons of signatures that a message repeats.
constexpr std::size_t most_reasons = 3;

error not_for_it(std::string message) { return {error_code::unsupported, std::move(message), std::nullopt}; }

std::string name_of(const std::vector<registry::platform>& platforms) {
  return platforms.empty() ? std::string() : platforms.front().to_string();
}

// The image's own, or for a platform that the verifier asks for: evidence may serve several verifiers.
bool counts(const image_evidence::manifest& one, const verifier& by) {
  return one.platforms.empty() || std::ranges::any_of(one.platforms, [&](const registry::platform& p) {
           return std::ranges::find(by.platforms, p) != by.platforms.end();
         });
}

signature_report report_of(report_kind of, const image_evidence::manifest& beside, std::string statement,
                           trust::verdict v) {
  return {of,
          name_of(beside.platforms),
          std::move(statement),
          std::move(v.signer),
          std::move(v.issuer),
          v.signed_at,
          v.good_until,
          std::move(v.failure)};
}

// The verdict of the first policy that is satisfied, or of the last one that knows the signer.
trust::verdict verify_by_any(const trust::signature& of, const std::string& digest, const cosign_verifier& by,
                             const attestation_demand* attested) {
  trust::verdict out;
  for (const trust::cosign_policy& policy : by.policies) {
    trust::verdict one;
    if (attested == nullptr) {
      one = verify_cosign(of, digest, policy);
    } else {
      trust::cosign_policy demanding = policy;
      demanding.predicate_type = attested->type;
      demanding.fields = attested->fields;
      one = verify_cosign(of, digest, demanding);
    }
    const bool is_telling = one.is_verified() || !out.failure || out.signer.empty() || !one.signer.empty();
    if (is_telling) out = std::move(one);
    if (out.is_verified()) break;
  }
  return out;
}

void judge_cosign(const image_evidence::manifest& of, const cosign_verifier* by, const attestation_demand* attested,
                  std::vector<signature_report>& to) {
  for (const trust::signature& one : of.found.cosign) {
    trust::verdict v;
    if (by != nullptr)
      v = verify_by_any(one, of.digest.to_string(), *by, attested);
    else
      v.failure = not_for_it("it is cosign's, which this verifier does not read");
    const report_kind as =
        one.as == trust::signature::form::dsse ? report_kind::cosign_bundle : report_kind::cosign_simple_signing;
    to.push_back(report_of(as, of, trust::predicate_type_of(one), std::move(v)));
  }
}

void judge_notation(const image_evidence& all, const image_evidence::manifest& of, const notation_verifier* by,
                    wall_time now, std::vector<signature_report>& to) {
  const trust::notation_rule* rule = by == nullptr ? nullptr : by->policy.rule_for(all.repository);
  for (const trust::notation_signature& one : of.found.notation) {
    trust::verdict v;
    if (by == nullptr)
      v.failure = not_for_it("it is Notation's, which this verifier does not read");
    else if (rule == nullptr)
      v.failure = not_for_it(fmt::format("the trust policy has no rule for {}", all.repository));
    else
      v = verify_notation(one, {of.digest.to_string(), of.media_type, of.size}, *rule, by->stores, now);
    to.push_back(report_of(report_kind::notation, of, {}, std::move(v)));
  }
}

// The reason why none of the reports from `from` on is enough, with each reason once. Statements of other types are
// neither the signature nor the attestation that was looked for.
std::string reason_of(const std::vector<signature_report>& all, std::size_t from, std::size_t unreadable,
                      const attestation_demand* attested) {
  const std::string_view noun = attested != nullptr ? "attestation" : "signature";
  const std::string_view wanted = attested != nullptr ? std::string_view(attested->type) : trust::sign_predicate;
  std::vector<std::string> reasons;
  std::size_t count = 0;
  for (std::size_t i = from; i < all.size(); ++i) {
    if (!all[i].statement.empty() && all[i].statement != wanted) continue;
    ++count;
    std::string one = all[i].failure ? all[i].failure->message : std::string();
    if (std::ranges::find(reasons, one) == reasons.end()) reasons.push_back(std::move(one));
  }
  if (count == 0)
    return fmt::format("no {}{}{} was found", noun, attested == nullptr ? "" : " of type " + attested->type,
                       unreadable == 0 ? "" : " that can be read");
  std::string out = count == 1 ? fmt::format("the {} that was found does not hold: ", noun)
                               : fmt::format("none of {} that were found holds: ", counted_noun(count, noun));
  for (std::size_t i = 0; i < std::min(reasons.size(), most_reasons); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : "; ", reasons[i]);
  if (reasons.size() > most_reasons) out += "; …";
  return out;
}

// The latest end of those that hold; one without an end has none.
std::optional<wall_time> end_of(std::span<const signature_report> all) {
  std::optional<wall_time> out;
  for (const signature_report& one : all) {
    if (one.failure) continue;
    if (!one.good_until) return std::nullopt;
    out = out ? std::max(*out, *one.good_until) : *one.good_until;
  }
  return out;
}

void end_by(image_verdict& of, std::optional<wall_time> end) {
  if (end) of.good_until = of.good_until ? std::min(*of.good_until, *end) : *end;
}

}  // namespace

std::string_view to_string(signature_report::kind of) noexcept {
  constexpr std::array<std::string_view, 4> names{"cosign bundle", "cosign signature", "Notation signature",
                                                  "signed tag"};
  return names[static_cast<std::size_t>(of)];
}

result<image_verdict> judge(const image_evidence& evidence, const verifier& by, wall_time now,
                            const attestation_demand* attested) {
  image_verdict out;
  std::optional<error> unread;
  out.is_verified = !evidence.manifests.empty();
  for (const image_evidence::manifest& one : evidence.manifests) {
    if (!counts(one, by)) continue;
    const std::size_t from = out.signatures.size();
    judge_cosign(one, std::get_if<cosign_verifier>(&by.by), attested, out.signatures);
    const auto* notation = std::get_if<notation_verifier>(&by.by);
    if (attested == nullptr) judge_notation(evidence, one, notation, now, out.signatures);
    out.unreadable.insert(out.unreadable.end(), one.found.unreadable.begin(), one.found.unreadable.end());
    out.left_out += one.found.left_out;
    const auto own = std::span(std::as_const(out.signatures)).subspan(from);
    if (std::ranges::any_of(own, [](const signature_report& r) { return !r.failure; })) {
      end_by(out, end_of(own));
      continue;
    }
    out.is_verified = false;
    if (one.found.unread && !unread) unread = one.found.unread;
    const std::string place = name_of(one.platforms);
    out.reason += fmt::format("{}{}{}{}", out.reason.empty() ? "" : "; ", place, place.empty() ? "" : ": ",
                              reason_of(out.signatures, from, one.found.unreadable.size(), attested));
  }
  // Rules of Notation that skip everything hold for images without a signature, too.
  if (const auto* notation = std::get_if<notation_verifier>(&by.by); notation != nullptr && attested == nullptr) {
    const trust::notation_rule* rule = notation->policy.rule_for(evidence.repository);
    if (rule != nullptr && rule->level.is_skipped) {
      out.is_verified = true;
      out.good_until.reset();
      out.reason.clear();
    }
  }
  if (!out.is_verified && unread) return fail(*std::move(unread));
  return out;
}

image_verdict judge_signed_tag(const result<trust::signed_tag>& found, const std::optional<registry::digest>& digest) {
  image_verdict out;
  signature_report report;
  report.of = report_kind::content_trust;
  if (!found) {
    out.reason = found.error().message;
    if (found.error().code == error_code::not_found) return out;
    report.failure = found.error();
    out.signatures.push_back(std::move(report));
    return out;
  }
  report.signer = found->role;
  out.signed_tag = *found;
  out.is_verified = !digest || found->digest == digest->to_string();
  report.good_until = out.good_until = found->expires;
  if (!out.is_verified) {
    out.reason =
        fmt::format("{} is signed for tag {}, not {}", found->digest, quoted(found->tag, 128), digest->to_string());
    report.failure = error{error_code::denied, out.reason, std::nullopt};
  }
  out.signatures.push_back(std::move(report));
  return out;
}

}  // namespace pinhook::signatures
