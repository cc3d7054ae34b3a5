// The findings of rules in an object, as the texts of an answer: sentences for a denial, warnings, an audit annotation.
//
//   rule_findings found(about, mode, book.rules);
//   for (const judged_slot& j : about.judged) found.judge(j, image_as_it_will_run);
//   if (found.denies()) status.lines = found.denial(2'048);
//
// One request, one thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/refusal_lines.hpp>
#include <pinhook/admission/review.hpp>
#include <pinhook/admission/verdict.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/rules/judge.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::admission {

class rule_findings {
 public:
  /// `about` and `rules` outlive it.
  rule_findings(const inquiry& about, pin::mode m, const rules::rule_set& rules)
      : about_(about), mode_(m), rules_(rules) {}

  void judge(const judged_slot& judged, const rules::image_state& image);

  [[nodiscard]] bool is_empty() const { return outcomes_.empty(); }
  /// The request is refused.
  [[nodiscard]] bool denies() const { return denials_ != 0; }

  /// The lines of status.message that are about rules: "pinhook denies Deployment "web": 2 findings:", "- rule
  /// own-registries: container web, image "quay.io/x:1": reason. Advice", …; a single finding is in the first line.
  /// At most `size` bytes; findings that do not fit are counted.
  [[nodiscard]] std::vector<std::string> denial(std::size_t size) const;
  /// The audit annotation "findings": "deny no-latest: web: nginx:latest; …", in at most max_message_size bytes.
  [[nodiscard]] std::string annotation() const;
  /// The warnings for the author; a fix for which there is no room is a warning of its own.
  [[nodiscard]] std::vector<warning> take_warnings() { return std::move(warnings_); }
  /// All of them, slot by slot.
  [[nodiscard]] std::vector<rule_outcome> take_outcomes() { return std::move(outcomes_); }

 private:
  void warn(const rules::finding& f, std::string_view taken, const pin::slot& s);
  void warn_unchecked(const rules::finding& f, const pin::slot& s);

  const inquiry& about_;
  const pin::mode mode_;
  const rules::rule_set& rules_;
  std::vector<rule_outcome> outcomes_;
  std::vector<warning> warnings_;
  /// Sentences of the denial, as many as a message can hold; their size; and the number of all denials.
  std::vector<finding_text> sentences_;
  std::size_t sentences_size_ = 0;
  std::size_t denials_ = 0;
};

}  // namespace pinhook::admission
