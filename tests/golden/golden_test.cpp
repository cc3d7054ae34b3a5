// Every rule of pinning as a full AdmissionReview in and the exact response out; support/review_case.hpp documents the
// layout of a case. Beside the golden bytes, each response is compared with the expectations of its case and with those
// of all cases.

#include "golden/review_run.hpp"
#include "golden/rule_checks.hpp"
#include "support/golden.hpp"
#include "support/json_patch_apply.hpp"
#include "support/paths.hpp"
#include "support/review_case.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/json_writer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t max_warnings = 10;
constexpr std::size_t max_recorded_pins = 32;
constexpr std::size_t max_recorded_bytes = 8192;
constexpr std::string_view annotations_path = "/metadata/annotations";
constexpr std::string_view pins_path = "/metadata/annotations/pinhook.dev~1pins";

std::filesystem::path cases_folder() { return std::filesystem::path(testing::source_dir()) / "tests/golden/cases"; }

std::string pretty(const json::value& v) {
  json::writer out(2);
  out.tree(v);
  return std::move(out).text() + "\n";
}

const json::value& request_of(const json::document& review) { return review["request"]; }

// The members that an API server reads; an unknown one would be a mistake of ours.
void check_envelope(const json::document& review, std::string_view uid) {
  EXPECT_EQ(json::find_string(review, "apiVersion"), "admission.k8s.io/v1");
  EXPECT_EQ(json::find_string(review, "kind"), "AdmissionReview");
  ASSERT_TRUE(json::find(review, "response") != nullptr);
  const auto& response = review["response"];
  constexpr std::array<std::string_view, 7> known{"uid",       "allowed",  "status",          "patch",
                                                  "patchType", "warnings", "auditAnnotations"};
  for (const auto& member : response.GetObject())
    EXPECT_TRUE(std::ranges::count(known, json::text_of(member.name)) == 1) << member.name.GetString();
  EXPECT_EQ(json::find_string(response, "uid"), uid);
  const auto allowed = json::find_bool(response, "allowed");
  ASSERT_TRUE(allowed);
  EXPECT_EQ(json::find(response, "patch") != nullptr, json::find(response, "patchType") != nullptr);
  if (json::find(response, "patch") != nullptr) {
    EXPECT_EQ(json::find_string(response, "patchType"), "JSONPatch");
  }
  EXPECT_EQ(json::find(response, "status") != nullptr, !*allowed) << "a status belongs to a denial";
  if (!*allowed) {
    EXPECT_EQ(json::find(response, "patch"), nullptr) << "a patch under a denial";
  }

  const json::value* warnings = json::find(response, "warnings");
  if (warnings == nullptr) return;
  EXPECT_GT(warnings->Size(), 0U);
  EXPECT_LE(warnings->Size(), max_warnings);
  for (const auto& warning : warnings->GetArray()) {
    EXPECT_LE(characters(json::text_of(warning)), max_warning_characters) << warning.GetString();
    EXPECT_EQ(json::text_of(warning).find_first_of("\r\n"), std::string_view::npos) << warning.GetString();
  }
}

void check_recorded(std::string_view text, const expectation& e) {
  EXPECT_LE(text.size(), max_recorded_bytes);
  EXPECT_EQ(text.find_first_of(" \n"), std::string_view::npos) << "the annotation is written without white space";
  const auto recorded = json::parse(text);
  ASSERT_TRUE(recorded && recorded->IsObject());
  std::map<std::string, std::string> entries;
  std::vector<std::string> order;
  for (const auto& member : recorded->GetObject()) {
    order.emplace_back(json::text_of(member.name));
    EXPECT_TRUE(entries.emplace(order.back(), json::text_of(member.value)).second) << order.back() << " is a duplicate";
  }
  EXPECT_LE(entries.size(), max_recorded_pins);
  EXPECT_EQ(entries, *e.annotation);
  if (!e.annotation_order.empty()) {
    EXPECT_EQ(order, e.annotation_order);
  }
}

// Rule 9: exactly the image strings, the one annotation and the pull policies that a rule orders; then that the object
// became nothing else.
void check_patch(const expectation& e, const json::value& object, const json::document& patch) {
  std::map<std::string, std::string> images, pull_policies;
  bool annotated = false;
  const json::value* metadata = json::find(object, "metadata");
  const json::value* annotations = metadata == nullptr ? nullptr : json::find(*metadata, "annotations");
  const bool has_annotations = annotations != nullptr && annotations->IsObject();
  const bool has_pins = has_annotations && json::find(*annotations, "pinhook.dev/pins") != nullptr;
  for (const auto& operation : patch.GetArray()) {
    const auto op = json::find_string(operation, "op").value_or("");
    const std::string path(json::find_string(operation, "path").value_or(""));
    const auto& value = operation["value"];
    EXPECT_EQ(operation.MemberCount(), 3U);
    if (path == annotations_path) {
      EXPECT_FALSE(has_annotations) << "the annotations would be lost";
      EXPECT_EQ(op, "add");
      EXPECT_EQ(text_of(value), "{}");
    } else if (path == pins_path) {
      EXPECT_FALSE(annotated) << "the annotation is written twice";
      EXPECT_EQ(op, has_pins ? "replace" : "add");
      annotated = true;
      ASSERT_TRUE(value.IsString());
      if (e.annotation) check_recorded(json::text_of(value), e);
    } else {
      EXPECT_EQ(op, "replace") << path;
      ASSERT_TRUE(value.IsString()) << path;
      auto& into = is_pull_policy(path) ? pull_policies : images;
      EXPECT_TRUE(into.emplace(path, json::text_of(value)).second) << path << " is replaced twice";
    }
  }
  for (const auto& [path, policy] : pull_policies)
    EXPECT_EQ(images.count(image_beside(path)), 1U) << path << " changes, and its image does not";
  EXPECT_EQ(pull_policies, e.pull_policies);
  EXPECT_EQ(annotated, e.annotation.has_value());
  EXPECT_EQ(images, e.images);
}

void check_warnings(const expectation& e, const json::value& response) {
  const json::value* warnings = json::find(response, "warnings");
  if (e.warnings.empty()) {
    EXPECT_EQ(warnings, nullptr) << (warnings == nullptr ? "" : text_of(*warnings));
    return;
  }
  ASSERT_NE(warnings, nullptr) << "no warning";
  for (const auto& texts : e.warnings) {
    const bool found = std::ranges::any_of(warnings->GetArray(), [&](const json::value& warning) {
      return std::ranges::all_of(
          texts, [&](const std::string& text) { return json::text_of(warning).find(text) != std::string_view::npos; });
    });
    EXPECT_TRUE(found) << "no warning contains " << ::testing::PrintToString(texts) << ": " << text_of(*warnings);
  }
}

void check_audit_annotation(const json::value& response, std::string_view name, const std::vector<std::string>& texts) {
  const json::value* annotations = json::find(response, "auditAnnotations");
  const std::string text(annotations == nullptr ? "" : json::find_string(*annotations, name).value_or(""));
  for (const auto& expected : texts) EXPECT_THAT(text, HasSubstr(expected)) << "audit annotation " << name;
}

void check_expectation(const review_case& c, const json::value& request, const json::value& response,
                       const answered& got) {
  const auto& e = c.expect;
  EXPECT_EQ(json::find_bool(response, "allowed"), e.allowed);
  EXPECT_EQ(got.asked, e.asked);
  EXPECT_EQ(got.any_past_cache, e.past_cache);
  EXPECT_EQ(got.all_past_cache, e.past_cache);
  const auto patch = patch_of(response);
  const json::value* object = json::find(request, "object");
  if (object != nullptr && object->IsObject()) {
    check_patch(e, *object, patch);
  } else {
    EXPECT_TRUE(patch.Empty()) << "a patch of nothing";
  }
  check_warnings(e, response);
  check_audit_annotation(response, "pins", e.audit_pins);
  check_audit_annotation(response, "skipped", e.audit_skipped);
  check_audit_annotation(response, "findings", e.audit_findings);
  EXPECT_EQ(findings_of(got.verdict), e.findings);
  check_findings_are_reported(got.verdict, response, c.mode);
  if (!e.outcome.empty()) {
    EXPECT_EQ(to_string(got.verdict.outcome), e.outcome);
  }
  if (e.allowed) return;
  ASSERT_TRUE(json::find(response, "status") != nullptr);
  const std::string message(json::find_string(response["status"], "message").value_or(""));
  for (const auto& text : e.message) EXPECT_THAT(message, HasSubstr(text));
  if (e.code) {
    EXPECT_EQ(json::find_integer(response["status"], "code"), e.code);
  }
}

// Rule 10: the API server may call again with the result; nothing changes any more. Rules judge the patched
// object then: they find no more, and an image has another name in their findings.
void check_reinvocation(const review_case& c, const json::document& review, const json::document& patch,
                        const admission::verdict& first) {
  const auto patched = apply_json_patch(request_of(review)["object"], patch);
  ASSERT_TRUE(patched) << patched.error().message;
  const auto again = answer(c, text_of(with_member(review, "object", *patched)), c.mode);
  EXPECT_EQ(again.asked, c.expect.asked_again) << "asked for a second time";
  const auto response = json::parse(again.verdict.body);
  ASSERT_TRUE(response);
  EXPECT_EQ(json::find_bool((*response)["response"], "allowed"), true);
  EXPECT_EQ(text_of(patch_of((*response)["response"])), "[]") << "the result is changed once more";
  check_no_more_findings(first, again.verdict);
  const json::value* warnings = json::find((*response)["response"], "warnings");
  if (warnings == nullptr) return;
  for (const auto& warning : warnings->GetArray())
    EXPECT_TRUE(is_of_rule(json::text_of(warning)) || first.body.find(text_of(warning)) != std::string::npos)
        << "the second call says something else: " << warning.GetString();
}

// A dry run, a pretty-printed body: the same bytes.
void check_sameness(const review_case& c, const json::document& review, const std::string& body) {
  EXPECT_EQ(answer(c, c.request, c.mode).verdict.body, body) << "white space matters";
  for (const bool dry : {false, true}) {
    const auto other = with_member(review, "dryRun", json::value(dry));
    EXPECT_EQ(answer(c, text_of(other), c.mode).verdict.body, body) << "dryRun " << dry << " matters";
  }
}

// Only enforce denies because of a registry, rules in best-effort, too; and audit never denies or changes anything,
// whatever the request.
void check_other_modes(const review_case& c) {
  for (const auto mode : {pin::mode::best_effort, pin::mode::audit}) {
    const auto got = answer(c, minified(c.request), mode);
    const auto review = json::parse(got.verdict.body);
    ASSERT_TRUE(review) << to_string(mode);
    const auto& response = (*review)["response"];
    EXPECT_EQ(json::find_bool(response, "allowed"), !has_denial(got.verdict)) << to_string(mode);
    check_findings_are_reported(got.verdict, response, mode);
    if (mode == pin::mode::audit) {
      EXPECT_EQ(json::find(response, "patch"), nullptr) << "audit changes";
    }
  }
}

void check_bad_request(const review_case& c, const answered& got) {
  EXPECT_EQ(got.verdict.outcome, admission::outcome::bad_request);
  EXPECT_TRUE(got.asked.empty()) << "asked the registry for a bad request";
  EXPECT_FALSE(got.verdict.body.empty()) << "no reason";
  for (const auto& text : c.expect.message) EXPECT_THAT(got.verdict.body, HasSubstr(text));
  expect_golden(c.folder / "response.txt", got.verdict.body);
}

class Golden : public ::testing::TestWithParam<review_case> {};

TEST_P(Golden, Case) {
  const auto& c = GetParam();
  SCOPED_TRACE(c.about);
  const bool is_json = std::filesystem::exists(c.folder / "request.json");
  const auto got = answer(c, is_json ? minified(c.request) : c.request, c.mode);
  ASSERT_EQ(got.verdict.http_status, c.expect.http) << got.verdict.body;
  if (c.expect.http != 200) {
    check_bad_request(c, got);
    return;
  }
  const auto review = json::parse(c.request);
  ASSERT_TRUE(review) << review.error().message;
  const auto& request = request_of(*review);
  const auto response = json::parse(got.verdict.body);
  ASSERT_TRUE(response) << got.verdict.body;
  check_envelope(*response, json::find_string(request, "uid").value_or(""));
  if (HasFatalFailure()) return;
  check_expectation(c, request, (*response)["response"], got);
  expect_golden(c.folder / "response.json", got.verdict.body);

  const auto patch = patch_of((*response)["response"]);
  if (patch.Empty()) {
    EXPECT_FALSE(std::filesystem::exists(c.folder / "patch.json")) << "a patch.json without a patch";
  } else {
    expect_golden(c.folder / "patch.json", pretty(patch));
    check_reinvocation(c, *review, patch, got.verdict);
  }
  check_sameness(c, *review, got.verdict.body);
  check_other_modes(c);
}

INSTANTIATE_TEST_SUITE_P(Rules, Golden, ::testing::ValuesIn(load_review_cases(cases_folder())), [](const auto& test) {
  std::string name = test.param.name;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

// Otherwise the deletion of a rule's cases would go unnoticed.
TEST(GoldenCases, CoverEveryRule) {
  constexpr std::string_view rules[]{
      "2-pod", "2-workload", "2-cronjob", "2-podtemplate", "2-custom", "2-search",   "2-paths", "2-slot",
      "3-01",  "3-02",       "3-03",      "3-04",          "3-05",     "3-06",       "3-07",    "3-08",
      "3-09",  "3-10",       "4-keep",    "4-refresh",     "4-moved",  "4-record",   "4-lock",  "5-digest",
      "5-tag", "6-enforce",  "6-best",    "6-audit",       "6-skip",   "6-excluded", "6-400"};
  const auto cases = load_review_cases(cases_folder());
  for (const auto rule : rules)
    EXPECT_TRUE(std::ranges::any_of(cases, [&](const review_case& c) { return c.name.starts_with(rule); })) << rule;
  for (const auto& c : cases) EXPECT_GT(c.about.size(), 20U) << c.name << " lacks a description";
}

// Each effect of the operator's rules, and each action of each demand, in each mode.
TEST(GoldenCases, CoverEveryEffectOfRulesInEachMode) {
  std::set<std::string> expected{
      "pin-always",    "pin-never", "pin-keep",          "pin-refresh", "format-tag-and-digest",
      "format-digest", "several",   "pullpolicy-create", "foreign-pod", "unchanged-template"};
  for (const std::string preset : {"recommended", "strict"}) expected.insert("preset-" + preset);
  for (std::size_t i = 0; i < rules::requirement_count; ++i)
    for (const auto action : {rules::action::allow, rules::action::audit, rules::action::warn, rules::action::deny})
      expected.insert(fmt::format("{}-{}", to_string(static_cast<rules::requirement>(i)), to_string(action)));
  for (const auto& effect : expected)
    for (const auto mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
      const auto folder = cases_folder() / fmt::format("rules-{}-{}", effect, to_string(mode));
      EXPECT_EQ(load_review_case(folder).mode, mode) << folder;
    }
}

TEST(GoldenCases, MinifiedKeepsWhatStandsInStrings) {
  EXPECT_EQ(minified("{ \"a b\" : \"c \\\" d\",\n\t\"e\": [ 1, 2 ] }"), R"({"a b":"c \" d","e":[1,2]})");
}

}  // namespace
}  // namespace pinhook::testing
