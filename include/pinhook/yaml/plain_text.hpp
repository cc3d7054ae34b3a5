// The characters of a text, before the short way through YAML (plain_source.hpp).
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinhook::yaml {

enum class plain_text : std::uint8_t {
  ascii,    // no control characters but line feeds
  unicode,  // valid UTF-8, in which line feeds alone end lines
  none,     // anything else
};

[[nodiscard]] plain_text plain_text_of(std::string_view text);

}  // namespace pinhook::yaml
