// The bytes of one scalar with another value, as its author would have written it: quotes and style stay.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::files {

/// What a plain scalar does with a value that YAML would take for a number, a boolean or null.
enum class plain_rule : std::uint8_t {
  string,   // it is put into double quotes
  as_it_is  // it stays plain: a chart's "tag: 1.25"
};

/// What replaces the bytes of `scalar.span` so that it has the value `value`, a reference, tag or digest ("" empties
/// it). Quoted text stays quoted as it is; text with escapes becomes double-quoted; of a literal or folded scalar the
/// value is replaced within its line. An alias is replaced by plain text. `form` none: with a blank before it.
[[nodiscard]] std::string rewritten_scalar(const yaml::source_node& scalar, std::string_view text,
                                           std::string_view value, plain_rule rule);

/// True when a plain scalar with this text is a string for readers of YAML 1.1 and 1.2 alike.
[[nodiscard]] bool reads_as_string(std::string_view plain);

}  // namespace pinhook::files
