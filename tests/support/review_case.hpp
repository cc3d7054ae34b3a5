// One golden case of tests/golden/cases/<name>/: a request of an API server, the answers of registries, and the
// expected response.
//
//   request.json   the AdmissionReview; or request.txt, a body that is no JSON value
//   case.json      {"about": "…", "mode": "enforce", "policy": {…}, "rules": […], "registry": {…}, "known": {…},
//                   "expect": {…}}
//   response.json  the exact response; or response.txt, the reason of an HTTP 400
//   patch.json     the response's patch, decoded, for readers
//
// `registry` maps a canonical reference to its digest, or to {"digest": …, "from": "cache"}, {"error": "not_found",
// "message": …} or {"timeout": true}. `known` holds further entries of the cache. `lock` maps references to the digests
// of a lock file; with `lock_required` nothing else can be resolved. `moved_from` maps references to the digests that
// they had before they moved. `signatures` maps digests to what verifiers say of them: {"acme": true}, {"acme": ["why a
// signature does not count"]}, or {"error": …, "message": …}. `rules` has the form of that setting in a configuration
// file.
#pragma once

#include "support/golden.hpp"

#include <pinhook/base/json_writer.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// The registry's answer for one reference.
struct scripted_answer {
  std::string digest = {}, from = "registry", error = {}, message = {};
};

/// What verifiers say of one digest.
struct scripted_signatures {
  std::set<std::string> accepted_by = {};
  std::map<std::string, std::vector<std::string>> refused_by = {};
  std::string error = {}, message = {};
};

/// A rule that an image breaks: admission::rule_outcome by hand.
struct expected_finding {
  std::string rule, taken, container, image;

  friend bool operator==(const expected_finding&, const expected_finding&) = default;
  friend void PrintTo(const expected_finding& f, std::ostream* out) {
    *out << f.taken << ' ' << f.rule << ": " << f.container << ": " << f.image;
  }
};

/// Written by hand from the rules. Anything not named must not happen: no image changed, nothing asked, no warning.
struct expectation {
  unsigned http = 200;
  bool allowed = true;
  /// Pointer of each image that changes → its new text.
  std::map<std::string, std::string> images;
  /// Pointer of each pull policy that changes → its new text.
  std::map<std::string, std::string> pull_policies;
  /// The entries of pinhook.dev/pins after the patch; nothing: the patch does not touch the annotation.
  std::optional<std::map<std::string, std::string>> annotation;
  /// Their order, newest first, where a rule gives one.
  std::vector<std::string> annotation_order;
  /// Canonical references the resolver was asked, sorted; `asked_again` the same when the result runs again.
  std::vector<std::string> asked, asked_again;
  /// All of them were asked past the cache.
  bool past_cache = false;
  /// For each entry there is a warning that contains all of its texts.
  std::vector<std::vector<std::string>> warnings;
  /// A part of status.message (or of the reason of an HTTP 400); and status.code.
  std::vector<std::string> message;
  std::optional<std::int64_t> code;
  /// The verdict's outcome, where it matters.
  std::string outcome;
  /// Parts of the audit annotations of these names.
  std::vector<std::string> audit_pins, audit_skipped, audit_findings;
  /// All of them, in their order.
  std::vector<expected_finding> findings;
};

struct review_case {
  std::string name, about;
  pin::mode mode = pin::mode::enforce;
  pin::policy policy;
  rules::rule_set rules;
  std::map<std::string, scripted_answer> registry;
  /// The digest of every image that `registry` does not name; empty: no other is requested.
  std::string every_image;
  std::map<std::string, std::string> known;
  std::map<std::string, std::string> lock;
  bool lock_required = false;
  /// By digest.
  std::map<std::string, std::string> moved_from;
  std::map<std::string, scripted_signatures> signatures;
  expectation expect;
  std::filesystem::path folder;
  std::string request;

  friend void PrintTo(const review_case& c, std::ostream* out) { *out << c.name; }
};

namespace detail {

inline std::string string_of(const json::value& v) {
  if (!v.IsString()) {
    ADD_FAILURE() << "a string is expected in case.json";
    return {};
  }
  return std::string(json::text_of(v));
}

inline std::vector<std::string> strings_of(const json::value& v) {
  std::vector<std::string> out;
  if (v.IsString()) return {string_of(v)};
  if (!v.IsArray()) ADD_FAILURE() << "an array of strings is expected in case.json";
  if (v.IsArray())
    for (const auto& item : v.GetArray()) out.push_back(string_of(item));
  return out;
}

inline std::vector<std::pair<std::string, std::string>> pairs_of(const json::value& v) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!v.IsObject()) ADD_FAILURE() << "an object of strings is expected in case.json";
  if (v.IsObject())
    for (const auto& member : v.GetObject()) out.emplace_back(json::text_of(member.name), string_of(member.value));
  return out;
}

inline pin::update_rule update_rule_of(const std::string& text) {
  EXPECT_TRUE(text == "keep" || text == "refresh") << text;
  return text == "refresh" ? pin::update_rule::refresh : pin::update_rule::keep;
}

inline pin::policy policy_of(const json::value& v) {
  pin::policy p;
  for (const auto& member : v.GetObject()) {
    const std::string key(json::text_of(member.name));
    const auto& value = member.value;
    if (key == "format") {
      p.format = string_of(value) == "tag-and-digest" ? pin::pin_format::tag_and_digest : pin::pin_format::digest;
    } else if (key == "updates") {
      p.updates = update_rule_of(string_of(value));
    } else if (key == "kinds") {
      for (const auto& item : value.GetArray())
        p.kinds.push_back({string_of(item["group"]), string_of(item["kind"]), strings_of(item["paths"])});
    } else if (key == "searches_keys") {
      p.searches_keys = value.GetBool();
    } else if (key == "pin_foreign_controllers") {
      p.pin_foreign_controllers = value.GetBool();
    } else if (key == "excluded_namespaces") {
      p.excluded_namespaces = strings_of(value);
    } else {
      ADD_FAILURE() << "case.json: policy has no " << key;
    }
  }
  return p;
}

// JSON is YAML.
inline rules::rule_set rules_of(const json::value& v) {
  const auto list = yaml::parse(json::to_text(v));
  if (!list) {
    ADD_FAILURE() << "case.json: rules: " << list.error().message;
    return {};
  }
  auto set = rules::read_rules(*list);
  if (set) return std::move(*set);
  ADD_FAILURE() << "case.json: rules: " << set.error().message;
  return {};
}

inline expected_finding finding_of(const json::value& v) {
  EXPECT_TRUE(v.IsObject() && v.MemberCount() == 4) << "a finding is {rule, taken, container, image}";
  if (!v.IsObject()) return {};
  const auto text = [&](const char* name) { return std::string(json::find_string(v, name).value_or("")); };
  return {text("rule"), text("taken"), text("container"), text("image")};
}

inline scripted_answer answer_of(const json::value& v) {
  scripted_answer a;
  if (v.IsString()) {
    a.digest = string_of(v);
    return a;
  }
  a.digest = json::find_string(v, "digest").value_or("");
  a.from = json::find_string(v, "from").value_or("registry");
  a.error = json::find_bool(v, "timeout").value_or(false) ? "timed_out" : json::find_string(v, "error").value_or("");
  a.message = json::find_string(v, "message").value_or("no answer within the time this request has");
  return a;
}

inline scripted_signatures signatures_of(const json::value& v) {
  scripted_signatures out;
  for (const auto& member : v.GetObject()) {
    const std::string key(json::text_of(member.name));
    if (key == "error")
      out.error = string_of(member.value);
    else if (key == "message")
      out.message = string_of(member.value);
    else if (member.value.IsTrue())
      out.accepted_by.insert(key);
    else
      out.refused_by.emplace(key, strings_of(member.value));
  }
  return out;
}

inline expectation expectation_of(const json::value& v) {
  expectation e;
  for (const auto& member : v.GetObject()) {
    const std::string key(json::text_of(member.name));
    const auto& value = member.value;
    if (key == "http") {
      e.http = value.GetUint();
    } else if (key == "allowed") {
      e.allowed = value.GetBool();
    } else if (key == "images") {
      for (auto& [pointer, image] : pairs_of(value)) e.images.emplace(pointer, image);
    } else if (key == "pull_policies") {
      for (auto& [pointer, policy] : pairs_of(value)) e.pull_policies.emplace(pointer, policy);
    } else if (key == "findings") {
      for (const auto& item : value.GetArray()) e.findings.push_back(finding_of(item));
    } else if (key == "annotation") {
      if (value.IsNull()) continue;
      const auto pairs = pairs_of(value);
      e.annotation.emplace(pairs.begin(), pairs.end());
    } else if (key == "annotation_order") {
      e.annotation_order = strings_of(value);
    } else if (key == "unchanged") {
      EXPECT_TRUE(value.IsTrue() && !v.HasMember("images")) << "unchanged, and images that change";
    } else if (key == "asked") {
      e.asked = strings_of(value);
    } else if (key == "asked_again") {
      e.asked_again = strings_of(value);
    } else if (key == "past_cache") {
      e.past_cache = value.GetBool();
    } else if (key == "warnings_contain") {
      for (const auto& item : value.GetArray()) e.warnings.push_back(strings_of(item));
    } else if (key == "message_contains") {
      e.message = strings_of(value);
    } else if (key == "outcome") {
      e.outcome = string_of(value);
    } else if (key == "code") {
      e.code = value.GetInt64();
    } else if (key == "audit_pins_contain") {
      e.audit_pins = strings_of(value);
    } else if (key == "audit_skipped_contain") {
      e.audit_skipped = strings_of(value);
    } else if (key == "audit_findings_contain") {
      e.audit_findings = strings_of(value);
    } else {
      ADD_FAILURE() << "case.json: expect has no " << key;
    }
  }
  return e;
}

}  // namespace detail

inline review_case load_review_case(const std::filesystem::path& folder) {
  review_case c;
  c.folder = folder;
  c.name = folder.filename().string();
  const bool is_json = std::filesystem::exists(folder / "request.json");
  c.request = read_file(folder / (is_json ? "request.json" : "request.txt"));
  const auto text = read_file(folder / "case.json");
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->IsObject()) {
    ADD_FAILURE() << c.name << "/case.json: " << (parsed ? "no object" : parsed.error().message);
    return c;
  }
  for (const auto& member : parsed->GetObject()) {
    const std::string key(json::text_of(member.name));
    const auto& value = member.value;
    if (key == "about") {
      c.about = detail::string_of(value);
    } else if (key == "mode") {
      const auto mode = pin::parse_mode(detail::string_of(value));
      EXPECT_TRUE(mode) << c.name;
      c.mode = mode.value_or(pin::mode::enforce);
    } else if (key == "policy") {
      c.policy = detail::policy_of(value);
    } else if (key == "rules") {
      SCOPED_TRACE(c.name);
      c.rules = detail::rules_of(value);
    } else if (key == "registry") {
      for (const auto& entry : value.GetObject())
        c.registry.emplace(json::text_of(entry.name), detail::answer_of(entry.value));
    } else if (key == "known") {
      for (auto& [ref, digest] : detail::pairs_of(value)) c.known.emplace(ref, digest);
    } else if (key == "lock") {
      for (auto& [ref, digest] : detail::pairs_of(value)) c.lock.emplace(ref, digest);
    } else if (key == "moved_from") {
      for (auto& [ref, digest] : detail::pairs_of(value)) c.moved_from.emplace(ref, digest);
    } else if (key == "signatures") {
      for (const auto& entry : value.GetObject())
        c.signatures.emplace(json::text_of(entry.name), detail::signatures_of(entry.value));
    } else if (key == "lock_required") {
      c.lock_required = value.GetBool();
    } else if (key == "expect") {
      c.expect = detail::expectation_of(value);
    } else {
      ADD_FAILURE() << c.name << "/case.json has no " << key;
    }
  }
  return c;
}

/// Every folder under `root`, sorted by name.
inline std::vector<review_case> load_review_cases(const std::filesystem::path& root) {
  std::set<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root))
    if (entry.is_directory()) folders.insert(entry.path());
  std::vector<review_case> out;
  for (const auto& folder : folders) out.push_back(load_review_case(folder));
  return out;
}

/// The text without white space between its tokens: as the API server sends it.
inline std::string minified(const std::string& text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) continue;
    out += c;
    if (in_string && c == '\\' && i + 1 < text.size())
      out += text[++i];
    else if (c == '"')
      in_string = !in_string;
  }
  return out;
}

}  // namespace pinhook::testing
