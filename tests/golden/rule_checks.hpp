// Checks of the findings of rules in every golden case: each is reported in its place, and running again finds no
// more.
#pragma once

#include "support/review_case.hpp"

#include <pinhook/admission/handler.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

inline std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

inline bool is_of_rule(std::string_view warning) { return warning.starts_with("rule "); }

/// Beyond 4,096 characters of all warnings together the API server cuts each to so many.
inline constexpr std::size_t max_warning_characters = 256;

inline bool is_pull_policy(std::string_view pointer) {
  return pointer.ends_with("/imagePullPolicy") || pointer.ends_with("/pullPolicy");
}

/// The pointer to the image of a pull policy.
inline std::string image_beside(std::string_view pointer) {
  const bool is_volume = pointer.ends_with("/pullPolicy");
  return std::string(pointer.substr(0, pointer.rfind('/'))) + (is_volume ? "/reference" : "/image");
}

inline std::vector<expected_finding> findings_of(const admission::verdict& v) {
  std::vector<expected_finding> out;
  for (const auto& f : v.findings) out.push_back({f.rule, std::string(f.taken), f.container, f.image});
  return out;
}

inline bool has_denial(const admission::verdict& v) {
  return std::ranges::any_of(v.findings, [](const auto& f) { return f.taken == "deny"; });
}

/// A denial is in the message, a warning in the warnings, and every finding in the audit event; where those are full,
/// they say that there is more. Only audit mode reports effects that would be.
inline void check_findings_are_reported(const admission::verdict& v, const json::value& response, pin::mode mode) {
  const json::value* status = json::find(response, "status");
  const json::value* audit = json::find(response, "auditAnnotations");
  const json::value* warnings = json::find(response, "warnings");
  const std::string_view message = status == nullptr ? "" : json::find_string(*status, "message").value_or("");
  const auto noted = audit == nullptr ? std::nullopt : json::find_string(*audit, "findings");
  const auto is_warned = [&](const std::string& of) {
    return warnings != nullptr && std::ranges::any_of(warnings->GetArray(), [&](const json::value& w) {
             const std::string_view text = json::text_of(w);
             return text.starts_with(of) || (text.starts_with("and ") && text.ends_with(" more warnings"));
           });
  };
  EXPECT_EQ(noted.has_value(), !v.findings.empty());
  EXPECT_EQ(has_denial(v), message.starts_with("pinhook denies ")) << message;
  for (const auto& f : v.findings) {
    SCOPED_TRACE(f.rule + " " + std::string(f.taken));
    const std::string name = "rule " + f.rule;
    const bool is_unchecked = f.taken == "unchecked";
    EXPECT_EQ(f.taken.starts_with("would-"), mode == pin::mode::audit && f.taken != "audit" && !is_unchecked);
    // A rule that only notes warns of nothing.
    EXPECT_TRUE(!is_unchecked || warnings == nullptr || is_warned(name + " is unchecked: ")) << name;
    EXPECT_TRUE(noted && (noted->find(fmt::format("{} {}: ", f.taken, f.rule)) != std::string_view::npos ||
                          noted->size() > 3000));
    if (f.taken == "deny") {
      EXPECT_TRUE(message.find(name + ": ") != std::string_view::npos ||
                  message.find(" more") != std::string_view::npos)
          << message;
    }
    if (f.taken == "warn") {
      EXPECT_TRUE(is_warned(name + ": "));
    }
    if (f.taken == "would-deny" || f.taken == "would-warn") {
      EXPECT_TRUE(is_warned(fmt::format("{} would {}: ", name, f.taken.substr(6))));
    }
  }
}

/// The second call finds nothing that the first did not.
inline void check_no_more_findings(const admission::verdict& first, const admission::verdict& second) {
  for (const auto& again : second.findings)
    EXPECT_TRUE(std::ranges::any_of(first.findings,
                                    [&](const auto& f) {
                                      return f.rule == again.rule && f.taken == again.taken &&
                                             f.container == again.container;
                                    }))
        << "the second call finds: " << again.rule << ": " << again.container << ": " << again.image;
}

}  // namespace pinhook::testing
