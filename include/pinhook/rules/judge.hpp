// Judges an image by the rules and returns findings. One function for admission, `pinhook check`, `rules test`.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/proof.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// An image as it will run.
struct image_state {
  /// As written. Never null.
  const registry::reference* ref = nullptr;
  /// After pinning.
  bool has_digest = false;
  /// The one in effect, after pinning; none: this place has no pull policy, and none is required of it.
  std::optional<std::string_view> pull_policy;
  /// The image with its digest, as pinning writes it: "nginx@sha256:…"; empty when it is not known.
  std::string_view pinned;
  /// An image volume, whose fields are called reference and pullPolicy.
  bool is_volume = false;
  /// The answers of the verifiers that its rules name; null: none was asked, so what rules demand of signatures is
  /// unchecked.
  const rules::proofs* proofs = nullptr;
  /// The tag that is meant where `ref` has none; empty: not known.
  std::string_view tag = {};
  /// Whether the tag got other bytes than it had, and the image runs those; none: it is not known, so what rules demand
  /// of moves is unchecked.
  std::optional<bool> is_moved = {};
  /// Why it is not known: "moves.file is not set".
  std::string_view moves_unknown = "what its tag had before is not known here";
  /// Demands on signatures are not judged: the image does not run, or is not new.
  bool leaves_proofs = false;
};

/// The form of a fix.
enum class fix_kind : std::uint8_t {
  text,     // a text to write in place of the one there: "imagePullPolicy: IfNotPresent"
  command,  // a command to run: "pinhook resolve nginx:1.25"
  advice,   // a sentence without a full stop
};

/// "text", "command", "advice".
[[nodiscard]] std::string_view to_string(fix_kind kind) noexcept;

struct finding {
  /// Index in rule_set::rules().
  std::size_t rule = 0;
  rules::requirement requirement = rules::requirement::tag;
  /// The rule's; never allow.
  rules::action action = action::audit;
  /// One sentence without a full stop: why it matters. The rule's message, else the built-in text.
  std::string reason;
  std::string fix;
  fix_kind kind = fix_kind::advice;
  /// What was found instead, a line each.
  std::vector<std::string> lines = {};
  /// It is not known whether the image breaks the rule, for this reason: the look-up of its signatures failed, or there
  /// was none (image_state::proofs; its code is unsupported). Then `reason` is the error's message.
  std::optional<error> failure = {};
};

/// In the order of `requirement`. Of tag, not-latest and digest, which one line mends, only the most severe; of equal
/// ones the first.
[[nodiscard]] std::vector<finding> judge(const rule_set& rules, const effects& e, const image_state& image);

/// True for a tag that names one release, which nobody expects to move: "1.4.2", "v1.4.2", "1.4.2-alpine",
/// "2024.10.1": three numbers, and what follows them after one of "-+._".
[[nodiscard]] bool is_version_tag(std::string_view tag);

/// The questions whose answers decide the demands on signatures, each once; none where there is no such demand.
[[nodiscard]] std::vector<proof_question> questions_of(const rule_set& rules, const effects& e);

/// questions_of would be some.
[[nodiscard]] bool asks_verifiers(const rule_set& rules, const effects& e);

/// There is no demand but on signatures.
[[nodiscard]] bool demands_only_proofs(const effects& e);

/// All demands on signatures are met by these answers; true where there is none.
[[nodiscard]] bool meets_demands(const rule_set& rules, const effects& e, const rules::proofs& answers);

/// The most severe action of the demands on signatures; allow: there is none.
[[nodiscard]] action action_on_proofs(const rule_set& rules, const effects& e);

/// The demand on signatures of a rule that denies or warns, for which what Content Trust signed takes the place of what
/// the registry has (rules::signed_instead); null: there is none.
[[nodiscard]] const demand* resolving_demand(const rule_set& rules, const effects& e);

/// True when a rule denies the image for the registry it comes from. The image is denied for any answer of that
/// registry, so it need not be asked.
[[nodiscard]] bool denies_registry(const rule_set& rules, const effects& e, const registry::reference& ref);

/// The policy that the API server gives a container without one (kubernetes/pkg/apis/core/v1/defaults.go,
/// SetDefaults_Container): Always where the effective tag is "latest", with a digest too when that tag is written; else
/// IfNotPresent.
[[nodiscard]] std::string_view default_pull_policy(const registry::reference& ref);

/// The texts on a requirement, for people: SARIF's help, explain.
struct requirement_text {
  std::string_view title;
  /// One sentence without a full stop, at most 80 characters.
  std::string_view reason;
  /// Markdown.
  std::string_view help;
  /// The fix for a reader without pinhook, inside a sentence, where none is a text to write.
  std::string_view fix;
};
[[nodiscard]] const requirement_text& text_of(requirement r) noexcept;

}  // namespace pinhook::rules
