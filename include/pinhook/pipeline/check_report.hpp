// The output of `pinhook check`: findings as a table for people, JSON, SARIF, JUnit XML or GitHub's workflow commands.
//
//   fmt::print("{}", write_report(report_format::sarif, files, built_in_rules(), {}));
//
// Pure; any thread. Text from files is made valid for each format: bytes that are not UTF-8, control characters.
#pragma once

#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/pipeline/findings.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

enum class report_format : std::uint8_t { table, json, sarif, junit, github };

/// "table", "json", "sarif", "junit", "github".
[[nodiscard]] std::optional<report_format> parse_report_format(std::string_view text) noexcept;

/// Arguments in which no image was found.
struct empty_arguments {
  /// As written, each once; "-" is standard input.
  std::vector<std::string> paths{};
  /// A sentence without a full stop that names them, or the first of many.
  std::string message{};
  /// The run fails by them.
  bool is_error = false;
};

struct report_options {
  /// table: rules in colour.
  bool has_colour = false;
  /// table: values that look like images and are not read (checked_file::unread), too.
  bool is_verbose = false;
  /// sarif, junit, github: the directory that relative paths start from, absolute; best the root of the repository.
  std::string directory = "/";
  /// sarif: whether every file was read and every reference resolved, and with --strict each argument has an image.
  bool is_complete = true;
  /// json, sarif, junit, github: a report without findings must not hide that a path is wrong, or of a kind that is not
  /// read. Beside a table a message says it.
  empty_arguments empty{};
};

/// The rule of an argument without an image, and what to do about one.
inline constexpr std::string_view no_image_rule = "no-image";
inline constexpr std::string_view no_image_advice =
    "check the path; `pinhook check -v` lists what looks like an image and is not read";

/// Files are added while others are read, thousands of them: none is moved for that.
using checked_files = std::deque<checked_file>;

[[nodiscard]] std::string write_report(report_format format, const checked_files& files, const rule_table& rules,
                                       const report_options& options);

/// A line for each finding, aligned: place, rule, image, fix; before the fix, the rule's own message where the operator
/// wrote one. Empty when there are none.
[[nodiscard]] std::string write_table(const checked_files& files, const report_options& options);
/// An array of objects, one for each finding, each of checked_file::unread, and each argument without an image (rule
/// "no-image"), one on each line. Every object has all keys: rule, severity, path, document, line, column, end_column,
/// pointer, object, name, image, message, fix, fix_kind (text, command or advice).
[[nodiscard]] std::string write_json(const checked_files& files, const report_options& options);
/// SARIF 2.1.0 with errata 01 (docs.oasis-open.org/sarif), as GitHub's code scanning accepts it. A file that could not
/// be read is a notification of the invocation, as are the arguments without an image.
[[nodiscard]] std::string write_sarif(const checked_files& files, const rule_table& rules,
                                      const report_options& options);
/// The dialect that GitLab and Jenkins read (GitLab: lib/gitlab/ci/parsers/test/junit.rb): a suite is a file, a case is
/// an image; a finding is a failure, a note or an image that is not judged is skipped, a file that could not be read is
/// an error. Names of cases are unique within a file and hold no line number, so that runs can be compared. An argument
/// without an image is a suite whose one case is skipped, or has failed. Needs checked_file::images.
[[nodiscard]] std::string write_junit(const checked_files& files, const report_options& options);
/// "::error file=…,line=…::…", one line for each finding, and one for all arguments without an image, since GitHub
/// shows ten; escaped as actions/toolkit does (packages/core/src/command.ts).
[[nodiscard]] std::string write_github(const checked_files& files, const rule_table& rules,
                                       const report_options& options);

/// A file's path relative to the directory: "deploy/web.yaml" for "./deploy/web.yaml" and for "/srv/deploy/web.yaml"
/// from "/srv"; absolute when the file is not below it. "stdin" for "-".
[[nodiscard]] std::string path_from(const std::string& directory, const std::string& path);

struct check_totals {
  std::size_t files = 0;
  std::size_t files_with_findings = 0;
  /// Warnings and errors.
  std::size_t findings = 0;
  std::size_t notes = 0;
  /// Values that look like images and are not read.
  std::size_t unread = 0;
  std::size_t images = 0;
  /// Demands on signatures about which nobody was asked.
  std::size_t unchecked = 0;
  std::map<files::skip_reason, std::size_t> left;
  /// Files that could not be read.
  std::size_t faults = 0;
};

[[nodiscard]] check_totals totals_of(const checked_files& files);

/// "3 findings in 2 of 120 files; 45 images, of which left alone: 2 variable, 1 built".
[[nodiscard]] std::string summary(const check_totals& t);

}  // namespace pinhook::pipeline
