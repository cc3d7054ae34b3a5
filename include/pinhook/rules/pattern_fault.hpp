// Explains why a pattern on image references can match none, and guesses which one was meant.
//
// Pure; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::rules {

/// Bytes of a pattern: no reference is longer.
inline constexpr std::size_t max_pattern_size = registry::max_reference_size;

/// A pattern in its parts, unchecked.
struct pattern_parts {
  std::string_view name;
  /// None: no ':' behind the last '/', no '@'.
  std::optional<std::string_view> tag, digest;
};
[[nodiscard]] pattern_parts split_pattern(std::string_view text);

/// A sentence without a full stop; none when the pattern matches some image.
[[nodiscard]] std::optional<std::string> fault_of_pattern(std::string_view text);

/// "quay.io" of "QUAY.io:443": small letters, no port 443 where the rest is still a registry's name, no zeros before a
/// port.
[[nodiscard]] std::string common_registry(std::string_view registry);

}  // namespace pinhook::rules
