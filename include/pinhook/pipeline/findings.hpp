// From the images of a file to findings: what `pinhook check` has to say about each. Pure.
//
//   const auto seen = check_file("deploy/web.yaml", file.text(), file.sites(), {});
//   for (const finding& f : seen.findings) …   // {"no-tag", …, line 12, column 16, "nginx", "pinhook pin -i
//   deploy/web.yaml"}
//
// Any thread.
#pragma once

#include <pinhook/files/site.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
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

/// A part of a text and what shall stand there. Lines and columns from 1, columns count characters; `end_column` is the
/// one behind the last.
struct replacement {
  std::size_t line = 1;
  std::size_t column = 1;
  std::size_t end_line = 1;
  std::size_t end_column = 1;
  std::string text;

  friend bool operator==(const replacement&, const replacement&) = default;
};

/// The lines in which two texts differ, as one replacement; none when they are equal.
[[nodiscard]] std::optional<replacement> changed_lines(std::string_view before, std::string_view after);

struct finding {
  /// Of the rule table.
  std::string rule;
  severity level = severity::warning;
  std::string path;
  /// Index of the document in its file, and a JSON Pointer within it.
  std::size_t document = 0;
  std::string pointer;
  std::size_t line = 1;
  std::size_t column = 1;
  /// On the same line, behind the last character of what is written.
  std::size_t end_column = 1;
  /// Whose image it is, and the container's name: as in files::site.
  std::string object;
  std::string name;
  /// As written.
  std::string image;
  /// One sentence, without a full stop: what is wrong, and why it matters.
  std::string message;
  /// What to do about it.
  std::string fix;
  rules::fix_kind kind = rules::fix_kind::advice;
  /// The fix as a change of the file, when it is known exactly.
  std::optional<replacement> change;
};

/// The fix as a sentence: "write nginx@sha256:…", "run pinhook pin -i web.yaml".
[[nodiscard]] std::string to_do(const finding& f);

/// One image of a file, for reports that name those without a finding, too.
struct checked_image {
  std::string object;
  std::string name;
  files::skip_reason reason = files::skip_reason::none;
  /// Indices in checked_file::findings.
  std::vector<std::size_t> findings;
};

struct checked_file {
  /// As the person would write it; "-" is standard input.
  std::string path;
  std::vector<finding> findings;
  std::size_t image_count = 0;
  /// How many images are not judged, and why.
  std::map<files::skip_reason, std::size_t> left;
  /// All of them, in their order; empty unless asked for.
  std::vector<checked_image> images;
  /// Why the file could not be read; empty when it could.
  std::string fault;
};

/// How a site would be pinned to a digest.
struct pin_text {
  std::string suggestion;
  std::optional<replacement> change;
};

struct check_question {
  /// Null: those of pinhook alone.
  const file_checks* checks = nullptr;
  /// The namespace of objects that name none, for rules; empty: it is not known.
  std::string_view ns{};
  /// Compare pins with what their tags mean.
  bool has_drift = false;
  /// The lock file that says so; empty: registries.
  std::string_view lock_file{};
  /// What tags mean, by canonical reference; null when nobody was asked. A reference that is not in it, or failed, is
  /// not compared, and its fix is a command.
  const digest_map* known = nullptr;
  /// Called for findings whose digest is known.
  std::function<pin_text(std::size_t site, const registry::digest&)> suggest_pin{};
  /// Names under which the file's images come out of kustomizations; null: nobody looked.
  const renamed_images* renamed = nullptr;
  /// Fill checked_file::images.
  bool lists_images = false;
};

/// Of an image: one finding of tag, latest and digest, one of its registry, one of its pull policy, one of its drift.
/// What a rule says `pin: never` of is neither unpinned nor compared. `text` is the file's; it says how wide an image
/// is written.
[[nodiscard]] checked_file check_file(std::string_view path, std::string_view text, std::span<const files::site> sites,
                                      const check_question& question);

/// Adds the references whose digests `check_file` wants to know, one of each meaning, by their canonical form: those of
/// images that lack a digest and should have one and, with `has_drift`, of pins. False when it wants none.
bool add_wanted(std::span<const files::site> sites, const check_question& question,
                std::map<std::string, registry::reference>& to);

/// `word` as a POSIX shell reads it back: in single quotes where it needs them.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace pinhook::pipeline
