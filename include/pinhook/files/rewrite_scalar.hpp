// The bytes of one scalar with another value: quotes and style stay as the author chose them.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::files {

/// The form of a plain scalar for a value that YAML would read as a number, a boolean or null.
enum class plain_rule : std::uint8_t {
  string,   // it gets double quotes
  as_it_is  // it stays plain: a chart's "tag: 1.25"
};

/// The new bytes of `scalar.span` for the value `value`, a reference, tag or digest ("" empties it). Quoted text keeps
/// its quotes; text with escapes becomes double-quoted; in a literal or folded scalar the value is replaced within its
/// line. An alias is replaced by plain text. When `form` is none, a blank comes first.
[[nodiscard]] std::string rewritten_scalar(const yaml::source_node& scalar, std::string_view text,
                                           std::string_view value, plain_rule rule);

/// True when a plain scalar with this text is a string for readers of YAML 1.1 and 1.2 alike.
[[nodiscard]] bool reads_as_string(std::string_view plain);

}  // namespace pinhook::files
