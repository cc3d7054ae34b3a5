// The one table of settings: key, type, meaning, and the functions that read and write each. The configuration file,
// the PINHOOK_… variables, the flags of `serve`, `--print-config` and manifests/pinhook.yaml all come from it.
//
//   for (const setting& row : setting_table()) fmt::print("{}: {}\n", row.key, row.help);
//
// The table never changes: safe to use from any thread.
#pragma once

#include <pinhook/config/settings.hpp>
#include <pinhook/config/value_problem.hpp>
#include <pinhook/yaml/document.hpp>

#include <cstddef>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace pinhook::config {

struct setting {
  /// Sections and name joined by dots: "deadline.limit".
  std::string_view key;
  /// For people: "duration, 1ms to 30s".
  std::string type;
  /// One sentence: the meaning.
  std::string_view help;
  /// One sentence: when to change it.
  std::string_view when;
  /// Lists and maps: as variables they are written as YAML in flow style; all other values are taken as they are.
  bool is_structured = false;
  /// A key without a value is an error in a file, not the default: a value that was cut off, or commented out, must not
  /// count as intended.
  bool needs_value = false;
  /// Reads a node that is not null into the settings, or leaves them as they were.
  std::function<std::expected<void, value_problem>(const yaml::node&, settings&)> read;
  /// The value as YAML in one line, such that `read` gives it back.
  std::function<std::string(const settings&)> write;
};

/// In the order of the documented file; the keys of a section are together.
[[nodiscard]] std::span<const setting> setting_table();

/// The row of that key, or null.
[[nodiscard]] const setting* find_setting(std::string_view key);

/// The key of the table that was most likely meant by `key`, or empty when none is near.
[[nodiscard]] std::string_view nearest_key(std::string_view key);

}  // namespace pinhook::config
