#include <pinhook/rules/proof.hpp>

#include <pinhook/base/nearest_word.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::rules {
namespace {

using outcome_of_group = judgement::state;

constexpr std::size_t named_groups = 3;

// One thing that is demanded of an image: a signature, or one of the attestations.
struct wanted_proof {
  const verifier_groups* by = nullptr;
  /// Null: a signature.
  const attestation* stated = nullptr;

  [[nodiscard]] proof_question question(const std::string& verifier) const {
    if (stated == nullptr) return {verifier};
    return {verifier, stated->type, stated->fields};
  }
};

std::vector<wanted_proof> wanted_by(const demand& d) {
  std::vector<wanted_proof> out;
  if (!d.verifiers.empty()) out.push_back({&d.verifiers, nullptr});
  for (const attestation& one : d.attestations) out.push_back({&one.by, &one});
  return out;
}

// Where it is unknown, the failure is that of the first verifier that could not answer.
outcome_of_group state_of(const wanted_proof& wanted, const std::vector<std::string>& group, const proofs& answers,
                          std::optional<error>& failure) {
  outcome_of_group out = outcome_of_group::met;
  for (const std::string& name : group) {
    const auto found = answers.find(wanted.question(name));
    if (found != answers.end() && found->second && !found->second->is_given) return outcome_of_group::broken;
    if (found != answers.end() && found->second) continue;
    out = outcome_of_group::unknown;
    if (failure) continue;
    failure = found == answers.end() ? error{error_code::internal, "it was not looked up", std::nullopt}
                                     : found->second.error();
  }
  return out;
}

std::string seen_text(const wanted_proof& wanted, std::size_t seen) {
  const std::string_view kind = wanted.stated == nullptr ? "signature" : "attestation of that type";
  if (seen == 0) return fmt::format("no {} was found", kind);
  if (wanted.stated == nullptr)
    return seen == 1 ? "1 signature was found, which does not count"
                     : fmt::format("{} signatures were found, none of which counts", seen);
  return seen == 1 ? "1 attestation was found, which does not count"
                   : fmt::format("{} attestations were found, none of which counts", seen);
}

void add_lines(const wanted_proof& wanted, const std::string& verifier, const proof& seen,
               std::vector<std::string>& to) {
  if (seen.is_given) return;
  if (seen.reasons.empty()) to.push_back(fmt::format("{}: {}", verifier, seen_text(wanted, 0)));
  for (const std::string& reason : seen.reasons) to.push_back(fmt::format("{}: {}", verifier, reason));
}

void describe(const wanted_proof& wanted, const proofs& answers, judgement& into) {
  std::size_t seen = 0;
  std::vector<std::string> lines;
  std::vector<std::string_view> asked;
  for (const auto& group : *wanted.by)
    for (const std::string& name : group) {
      const auto found = answers.find(wanted.question(name));
      if (found == answers.end() || !found->second || std::ranges::find(asked, name) != asked.end()) continue;
      asked.emplace_back(name);
      seen = std::max(seen, found->second->seen);
      add_lines(wanted, name, *found->second, lines);
    }
  const std::string demanded = wanted.stated == nullptr
                                   ? fmt::format("not signed by {}", names_of(*wanted.by))
                                   : fmt::format("no attestation {} by {}", wanted.stated->type, names_of(*wanted.by));
  into.summary = fmt::format("{}: {}", demanded, seen_text(wanted, seen));
  // One line would say the same again.
  if (seen == 0) lines.clear();
  if (lines.size() > max_proof_lines) {
    const std::size_t left = lines.size() - (max_proof_lines - 1);
    lines.resize(max_proof_lines - 1);
    lines.push_back(fmt::format("and {} more", left));
  }
  into.lines = std::move(lines);
}

}  // namespace

std::vector<proof_question> questions_of(const demand& d) {
  std::vector<proof_question> out;
  for (const wanted_proof& wanted : wanted_by(d))
    for (const auto& group : *wanted.by)
      for (const std::string& name : group)
        if (proof_question q = wanted.question(name); std::ranges::find(out, q) == out.end())
          out.push_back(std::move(q));
  return out;
}

judgement judge_proofs(const demand& d, const proofs& answers) {
  judgement out;
  for (const wanted_proof& wanted : wanted_by(d)) {
    std::optional<error> failure;
    outcome_of_group best = outcome_of_group::broken;
    for (const auto& group : *wanted.by) {
      const outcome_of_group is = state_of(wanted, group, answers, failure);
      if (is == outcome_of_group::met || best == outcome_of_group::broken) best = is;
      if (best == outcome_of_group::met) break;
    }
    if (best == outcome_of_group::met) continue;
    if (best == outcome_of_group::unknown) {
      if (out.is == outcome_of_group::met) out = {.is = outcome_of_group::unknown, .failure = std::move(failure)};
      continue;
    }
    out = {.is = outcome_of_group::broken};
    describe(wanted, answers, out);
    return out;
  }
  return out;
}

std::string signed_instead(const demand& d, const proofs& answers) {
  if (judge_proofs(d, answers).is != judgement::state::broken) return {};
  std::string out;
  for (const proof_question& q : questions_of(d)) {
    const auto found = answers.find(q);
    if (found == answers.end() || !found->second || found->second->signed_digest.empty()) continue;
    if (!out.empty() && out != found->second->signed_digest) return {};
    out = found->second->signed_digest;
  }
  return out;
}

std::optional<rule_problem> find_unknown_verifier(const rule_set& rules, std::span<const std::string_view> known) {
  for (const rule& r : rules.rules())
    for (const demand& d : r.demands)
      for (const proof_question& q : questions_of(d)) {
        if (std::ranges::find(known, q.verifier) != known.end()) continue;
        const auto near = nearest_word(q.verifier, known);
        const std::string hint = known.empty()  ? "; verifiers are described under `verifiers`, and there are none"
                                 : near.empty() ? fmt::format("; there are {}", fmt::join(known, ", "))
                                                : fmt::format("; did you mean {}?", near);
        return rule_problem{
            r.line, r.column,
            fmt::format("rule {}: there is no verifier {}{}", quoted(r.name), quoted(q.verifier, 60), hint)};
      }
  return std::nullopt;
}

std::string names_of(const verifier_groups& all) {
  std::string out;
  const std::size_t named = std::min(all.size(), named_groups);
  const bool has_groups =
      std::ranges::any_of(all, [](const std::vector<std::string>& group) { return group.size() > 1; });
  for (std::size_t i = 0; i < named; ++i) {
    const bool is_last = i + 1 == all.size();
    if (i != 0) out += is_last ? (has_groups ? ", or " : " or ") : ", ";
    out += fmt::format("{}", fmt::join(all[i], " and "));
  }
  if (named < all.size()) out += fmt::format(", or {} more", all.size() - named);
  return out;
}

}  // namespace pinhook::rules
