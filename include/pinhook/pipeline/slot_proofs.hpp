// What rules demand of the signatures of images in files: the questions to verifiers about a digest that is to be
// written, and what the answers mean for it.
//
//   add_questions(rules.set, effects, tag, digest, wanted);
//   …
//   const proof_judgement j = judge_proofs_of(rules.set, effects, tag, digest, answers);
//   if (!j.refusal.empty()) …                                 // "rule own: not signed by acme: no signature was found"
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// Of rules with action audit nothing is said: they are for a cluster's records, and `check` shows them.
struct proof_judgement {
  /// A rule that denies is broken: the sentence with its name, and what was found. Empty: none is.
  std::string refusal;
  /// It is not known whether a rule that denies is met: its look-up failed. The message is a sentence with its name.
  std::optional<error> failure;
  /// Of rules that warn: that they are broken, or that their look-up failed.
  std::vector<std::string> warnings;
  /// A rule demands something, and nobody was asked.
  bool is_unchecked = false;
};

/// Some rule demands signatures, so that the rest here has something to do.
[[nodiscard]] bool demands_signatures(const rules::rule_set& set);

/// `ref`: the image with its tag, where that is known.
void add_questions(const rules::rule_set& set, const rules::effects& e, const registry::reference& ref,
                   const registry::digest& digest, rules::proof_requests& to);

/// `answers`: null when nobody was asked.
[[nodiscard]] proof_judgement judge_proofs_of(const rules::rule_set& set, const rules::effects& e,
                                              const registry::reference& ref, const registry::digest& digest,
                                              const rules::image_proofs* answers);

/// "signatures of 3 images are not checked: no registry is asked".
[[nodiscard]] std::string unchecked_note(std::size_t images);

}  // namespace pinhook::pipeline
