// Turns the images of a file into the findings that `pinhook check` reports. Pure.
//
//   const auto seen = check_file("deploy/web.yaml", file.text(), file.slots(), {});
//   for (const finding& f : seen.findings) …   // {"no-tag", …, line 12, column 16, "nginx", "pinhook pin -i
//   deploy/web.yaml"}
//
// Any thread.
#pragma once

#include <pinhook/files/slot.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/replacement.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/judge.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct finding {
  /// check_rule::id.
  std::string rule;
  severity level = severity::warning;
  std::string path;
  /// Index of the document in its file, and a JSON Pointer within it.
  std::size_t document = 0;
  std::string pointer;
  std::size_t line = 1;
  std::size_t column = 1;
  /// On the same line, one after the last character of the image.
  std::size_t end_column = 1;
  /// The object and the container's name: as in files::slot.
  std::string object;
  std::string name;
  /// As written.
  std::string image;
  /// One sentence, without a full stop: the fault, and why it matters.
  std::string message;
  /// The operator's own message of the rule, which is a part of `message`; empty: the rule has none, or is pinhook's.
  std::string rule_message{};
  /// Its form is `kind`.
  std::string fix;
  rules::fix_kind kind = rules::fix_kind::advice;
  /// The fix as a change of the file, when it is known exactly.
  std::optional<replacement> change;
};

/// The fix as a sentence: "write nginx@sha256:…", "run pinhook pin -i web.yaml".
[[nodiscard]] std::string to_do(const finding& f);

/// One image of a file, for reports that name images without a finding, too.
struct checked_image {
  std::string object;
  std::string name;
  files::skip_reason reason = files::skip_reason::none;
  /// Indices in checked_file::findings.
  std::vector<std::size_t> findings;
};

struct checked_file {
  /// As a person would write it; "-" is standard input.
  std::string path;
  std::vector<finding> findings;
  std::size_t image_count = 0;
  /// The number of images that are not judged, for each reason.
  std::map<files::skip_reason, std::size_t> left;
  /// All of them, in their order; empty without check_question::lists_images.
  std::vector<checked_image> images;
  /// Notes about values that look like images and are not read; they are no findings.
  std::vector<finding> unread{};
  /// The number of demands on signatures about which nobody was asked; each is a note in `findings`, too.
  std::size_t unchecked = 0;
  /// Why it is not known whether an image meets a demand on its signatures, a sentence with its place each.
  std::vector<std::string> unverified{};
  /// The reason why the file could not be read; empty when it could.
  std::string fault;
};

/// A slot as it would be pinned to a digest.
struct pin_text {
  std::string suggestion;
  std::optional<replacement> change;
};

struct check_question {
  /// Null: pinhook's rules alone.
  const file_checks* checks = nullptr;
  /// For rules: the namespace of objects that name none; empty: not known.
  std::string_view ns{};
  /// Compare pins with the current digests of their tags.
  bool has_drift = false;
  /// The lock file with these digests, for messages; empty: they are the registries'.
  std::string_view lock_file{};
  /// The digests of tags, by canonical reference; null when none was looked up. A reference that is not in it, or
  /// failed, is not compared, and its fix is a command.
  const digest_map* known = nullptr;
  /// Called for findings whose digest is known.
  std::function<pin_text(std::size_t slot, const registry::digest&)> suggest_pin{};
  /// Names that kustomizations give to the file's images; null: not searched.
  const renamed_images* renamed = nullptr;
  /// Verifiers are asked about images with a digest, and about the digest that a tag has now.
  bool asks_verifiers = false;
  /// Their answers; null: nobody was asked.
  const rules::image_proofs* proofs = nullptr;
  /// Fill checked_file::images.
  bool lists_images = false;
};

/// At most one finding an image for tag, latest and digest together, one for its registry, one for its pull policy, and
/// one for its drift. An image with a rule `pin: never` is neither reported as unpinned nor compared. `text` is the
/// file's; the width of an image as written is read from it.
[[nodiscard]] checked_file check_file(std::string_view path, std::string_view text, std::span<const files::slot> slots,
                                      const check_question& question);

/// Adds the references whose digests `check_file` needs, each canonical one once: of images that lack a digest and
/// should have one and, with `has_drift`, of pins; with `asks_verifiers` of each whose signatures count.
/// False when it needs none.
bool add_wanted(std::span<const files::slot> slots, const check_question& question,
                std::map<std::string, registry::reference>& to);

/// Adds what rules ask of verifiers about the images, with the digests of `question`. False when there is nothing to
/// ask.
bool add_questions(std::span<const files::slot> slots, const check_question& question, rules::proof_requests& to);

/// `word` as a POSIX shell reads it back: in single quotes where it needs them.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace pinhook::pipeline
