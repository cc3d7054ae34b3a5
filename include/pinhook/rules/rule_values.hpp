// Checks the texts in rules: names, patterns on names, registries, pull policies. A text that could never match
// anything, or always everything, is an error that explains it.
//
//   if (auto valid = check_kind_pattern("v1/Pod"); !valid) …   // valid.error(): "… write core/Pod"
//
// All of them: invalid_input, with the fault and a correct example. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/rules/rule.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace pinhook::rules {

/// Bytes of a rule's name and of its message.
inline constexpr std::size_t max_name_size = 63;
inline constexpr std::size_t max_rule_message_size = 300;

/// 1 to max_name_size small letters, digits and '-', as a DNS label.
[[nodiscard]] result<void> check_rule_name(std::string_view name);

/// One line of at most max_rule_message_size bytes.
[[nodiscard]] result<void> check_rule_message(std::string_view message);

/// A DNS label (RFC 1123, as names of namespaces, containers and volumes are) in which `*` is any characters.
[[nodiscard]] result<void> check_label_pattern(std::string_view pattern);

/// "Deployment", "apps/Deployment", "core/Pod", "argoproj.io/*".
[[nodiscard]] result<void> check_kind_pattern(std::string_view pattern);

/// A registry's canonical name in which `*` is any characters, or a pattern on images without tag and digest.
[[nodiscard]] result<void> check_registry_value(std::string_view value);

/// "Always", "IfNotPresent", "Never".
[[nodiscard]] result<void> check_pull_policy_value(std::string_view value);

/// "version-tags".
[[nodiscard]] result<void> check_unmoved_value(std::string_view value);

/// A year: a longer wait is a typing error, and a clock of 64 bits does not overflow.
inline constexpr std::chrono::hours max_cooldown{24 * 365};

/// A duration, "72h", of at most max_cooldown.
[[nodiscard]] result<std::chrono::nanoseconds> parse_cooldown(std::string_view text);

/// A JSON pointer (RFC 6901) to a part of a document, not to the whole.
[[nodiscard]] result<void> check_pointer(std::string_view pointer);

/// Refuses a requirement that every image meets.
[[nodiscard]] result<void> check_demand(const demand& d);

}  // namespace pinhook::rules
