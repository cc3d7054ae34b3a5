// Every sentence of check, pin, unpin and lock about an image with the longest names that are allowed: the fault and
// the advice are whole, and the begin and the end of the image are there.
#include "support/fake_resolver.hpp"
#include "support/longest_names.hpp"
#include "support/made_rules.hpp"

#include <pinhook/base/printable.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/pipeline/findings.hpp>
#include <pinhook/pipeline/locking.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::all_names;
using pinhook::testing::digest_of_digit;
using pinhook::testing::names;
using ::testing::HasSubstr;

// The limit of one text in check_report.
constexpr std::size_t max_text = 1'024;

struct line {
  /// {0}: host and repository, {1}: the tag, {2}: the container, {3}: a digest.
  std::string_view text;
  std::string_view path;
  /// The message of check, in pieces between names; empty: no finding.
  std::vector<std::string> reason;
  std::string to_do;
  /// The message of pin when it leaves the image; empty: it pins it.
  std::vector<std::string> left{};
  bool has_tag = true;
  bool has_drift = false;
};

constexpr std::string_view pod =
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n    - name: {2}\n      image: ";

std::vector<line> lines() {
  static const std::string in_pod(pod);
  static const std::string tagged = in_pod + "{0}:{1}\n";
  static const std::string latest = in_pod + "{0}:latest\n";
  static const std::string untagged = in_pod + "{0}\n";
  static const std::string bad = in_pod + "{0}:{1}:x\n";
  static const std::string both = in_pod + "{0}:{1}@{3}\n";
  static const std::string alone = in_pod + "{0}@{3}\n";
  const std::string render = "pin the rendered chart: helm template … | pinhook pin -";
  return {
      {tagged,
       "a.yaml",
       {"the tag of ", " can be moved to other bytes by anyone who may push; a digest cannot"},
       "run pinhook pin -i a.yaml"},
      {latest,
       "a.yaml",
       {" means what was pushed last when a node pulls it: two nodes may run different versions"},
       "run pinhook pin -i a.yaml",
       {},
       false},
      {untagged,
       "a.yaml",
       {" has neither tag nor digest: what was pushed last is pulled, and later something else"},
       "run pinhook pin -i a.yaml",
       {},
       false},
      {bad,
       "a.yaml",
       {"invalid image reference "},
       "write a reference: name:tag or name@sha256:…",
       {"invalid image reference "},
       false},
      {both,
       "a.yaml",
       {" is pinned to sha256:aaaaaaaaaaaa, but its registry now has sha256:bbbbbbbbbbbb"},
       "write {0}@{4}",
       {},
       true,
       true},
      {alone,
       "a.yaml",
       {"the tag of ", " is not written anywhere, so its digest cannot be compared with that of the tag"},
       "write the tag before the digest: {0}:TAG@{3}",
       {},
       false,
       true},
      {"image:\n  repository: {0}\n  tag: 1.10\n",
       "values.yaml",
       {"YAML does not read the tag 1.10 as a string, and Helm writes 1.1"},
       "quote it: tag: \"1.10\"",
       {"YAML does not read the tag 1.10 as a string, and Helm writes 1.1; quote it: tag: \"1.10\""},
       false},
      {"image:\n  repository: {0}\n  tag: {1}\n  tagSuffix: x\n",
       "values.yaml",
       {},
       "",
       {"the chart may put image.tagSuffix before or after it; " + render}},
      {"images:\n- name: {0}\n  newTag: {1}\n- name: {0}\n  newTag: {1}\n",
       "kustomization.yaml",
       {"the tag of "},
       "run pinhook pin -i kustomization.yaml",
       {"a later entry, ", ", overrides it"}},
      {"images:\n- name: x\n  newName: {0}:{1}\n",
       "kustomization.yaml",
       {"kustomize writes the tag of the image after the whole newName: write newName: ", " and newTag: "},
       "write a reference: name:tag or name@sha256:…",
       {"kustomize writes the tag of the image after the whole newName: write newName: ", " and newTag: "}},
  };
}

std::string filled(std::string_view text, const names& n) {
  return fmt::format(fmt::runtime(text), n.host + "/" + n.repository, n.tag, n.container,
                     digest_of_digit('a').to_string(), digest_of_digit('b').to_string());
}

void expect_pieces(const std::string& text, const std::vector<std::string>& pieces) {
  std::size_t at = 0;
  for (const std::string& piece : pieces) {
    at = text.find(piece, at);
    ASSERT_NE(at, std::string::npos) << piece << " in: " << text;
    at += piece.size();
  }
}

// The text as in a JSON string.
std::string in_json(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
  return out;
}

files::image_file read(const line& one, const names& n) {
  auto file = files::image_file::read(filled(one.text, n), one.path, {});
  EXPECT_TRUE(file) << file.error().message;
  return *std::move(file);
}

checked_file checked(const line& one, const files::image_file& file, const names& n) {
  digest_map known;
  known.insert_or_assign(registry::reference::parse(n.image())->canonical(), digest_of_digit('b'));
  check_question question{.has_drift = one.has_drift};
  if (one.has_drift) question.known = &known;
  question.suggest_pin = [&](std::size_t slot, const registry::digest& d) {
    return pin_text{file.suggestion({slot, d}, pin::pin_format::digest), std::nullopt};
  };
  return check_file(one.path, file.text(), file.slots(), question);
}

TEST(LongestNames, LeaveReasonAndAdviceOfCheckWhole) {
  for (const names& n : all_names()) {
    for (const line& one : lines()) {
      SCOPED_TRACE(fmt::format("{}: {}", n.about, one.text));
      const auto file = read(one, n);
      const checked_files all{checked(one, file, n)};
      if (one.reason.empty()) {
        EXPECT_TRUE(all[0].findings.empty());
        continue;
      }
      ASSERT_FALSE(all[0].findings.empty());
      const finding& f = all[0].findings[0];
      expect_pieces(f.message, one.reason);
      // A line to write has the whole name.
      EXPECT_LE(f.message.size(), 800U);
      const std::string to_do_text = one.to_do.contains('{') ? filled(one.to_do, n) : one.to_do;
      EXPECT_EQ(to_do(f), to_do_text);
      if (one.has_tag && f.message.contains(n.host.substr(0, 12))) {
        EXPECT_THAT(f.message, HasSubstr(n.tag.substr(n.tag.size() - 2))) << "its middle is cut, not its end";
      }
      // Every format, whole: no text of the product is cut to make room for a name.
      EXPECT_THAT(write_report(report_format::table, all, built_in_rules(), {}), HasSubstr("  " + to_do_text + "\n"));
      const auto github = write_report(report_format::github, all, built_in_rules(), {});
      expect_pieces(github, one.reason);
      EXPECT_THAT(github, HasSubstr(". To do: " + to_do_text + "\n"));
      EXPECT_LE(fmt::format("{}. To do: {}", f.message, to_do_text).size(), max_text);
      const auto sarif = write_report(report_format::sarif, all, built_in_rules(), {});
      expect_pieces(sarif, one.reason);
      EXPECT_THAT(sarif, HasSubstr(". To do: " + in_json(to_do_text) + "\""));
      for (const report_format format : {report_format::table, report_format::github, report_format::junit}) {
        for (const char c : write_report(format, all, built_in_rules(), {}))
          ASSERT_TRUE(c == '\n' || c >= ' ' || c < 0);
      }
    }
  }
}

TEST(LongestNames, LeaveTheReasonOfAnImageThatPinLeavesWhole) {
  for (const names& n : all_names()) {
    for (const line& one : lines()) {
      SCOPED_TRACE(fmt::format("{}: {}", n.about, one.text));
      if (one.left.empty()) continue;
      const auto file = read(one, n);
      digest_map known;
      for (const auto& ref : wanted(file, {})) known.insert_or_assign(ref.canonical(), digest_of_digit('a'));
      const auto done = pinned(file, {}, known);
      ASSERT_TRUE(done);
      ASSERT_EQ(done->results[0].outcome, slot_result::kind::left);
      expect_pieces(done->results[0].message, one.left);
      EXPECT_LE(done->results[0].message.size(), max_text);
    }
  }
}

TEST(LongestNames, KeepTheCommandOfARenamedImageWhole) {
  for (const names& n : all_names()) {
    const auto file = read(lines()[0], n);
    pin_choice choice;
    choice.renamed.emplace(0, renamed_image{*registry::reference::parse("m.example/x:1"), n.image(), "over/k.yaml"});
    digest_map known;
    for (const auto& ref : wanted(file, choice))
      known.insert_or_assign(ref.canonical(), digest_of_digit(ref.canonical() == "m.example/x:1" ? 'b' : 'a'));
    const auto done = pinned(file, choice, known);
    ASSERT_TRUE(done);
    EXPECT_THAT(done->results[0].message, ::testing::StartsWith("over/k.yaml changes it to "));
    EXPECT_THAT(done->results[0].message,
                ::testing::EndsWith(", which has another digest; pin it there: pinhook pin -i over/k.yaml"));
    EXPECT_LE(done->results[0].message.size(), 300U);
  }
}

TEST(LongestNames, LeaveTheReasonOfAPinThatStaysWhole) {
  for (const names& n : all_names()) {
    const std::string text = filled(std::string(pod) + "{0}@{3}\n", n);
    const auto file = files::image_file::read(text, "a.yaml", {});
    ASSERT_TRUE(file);
    for (const auto& [task, message] :
         {std::pair{pin_task::unpin, "its tag is not written beside it"},
          {pin_task::update, "its tag is not written beside it, so it cannot be updated"}}) {
      const auto done = pinned(*file, {.task = task}, {});
      ASSERT_TRUE(done);
      ASSERT_EQ(done->results[0].outcome, slot_result::kind::left);
      EXPECT_EQ(done->results[0].message, message);
    }
  }
}

TEST(LongestNames, LeaveBothPlacesOfALocksConflictWhole) {
  for (const names& n : all_names()) {
    std::vector<input> inputs;
    for (const char digit : {'a', 'b'}) {
      const std::string path = fmt::format("{}.yaml", digit);
      const std::string text =
          fmt::format(fmt::runtime(std::string(pod) + "{0}:{1}@{3}\n"), n.host + "/" + n.repository, n.tag, n.container,
                      digest_of_digit(digit).to_string());
      inputs.push_back({path, files::image_file::read(text, path, {}), true});
    }
    const auto plan = plan_lock({.inputs = inputs}, {}, false);
    ASSERT_EQ(plan.conflicts.size(), 1U);
    const std::string& message = plan.conflicts[0];
    expect_pieces(message, {" is pinned to " + digest_of_digit('a').to_string(), " in a.yaml:", n.container,
                            " and to " + digest_of_digit('b').to_string(), " in b.yaml:", n.container,
                            ": it gets no entry, since every file pins it"});
    EXPECT_THAT(message, HasSubstr(n.tag)) << "the reader looks for it";
    EXPECT_LE(message.size(), max_text + 200);
  }
}

}  // namespace
}  // namespace pinhook::pipeline
