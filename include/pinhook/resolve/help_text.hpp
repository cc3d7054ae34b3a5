// The setting `help`: the operator's own text or URL for people whose image is refused.
//
//   filled_help("https://wiki.example.com/pins?of={namespace}", "shop")  // "https://wiki.example.com/pins?of=shop"
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::resolve {

/// Bytes of the text with the longest name of a namespace (63, RFC 1123) in place of each {namespace}. A warning has
/// 256 (admission/review.hpp): a short text has room there, one of this size ends refusals alone.
inline constexpr std::size_t max_help_size = 200;

/// The reason why the text cannot be used: it is too long, has characters that a terminal obeys or a reader cannot see,
/// or has a brace outside {namespace}. Without a value: it can.
[[nodiscard]] std::optional<std::string> fault_of_help(std::string_view text);

/// The text with `ns` in place of each {namespace}; "-" where there is no namespace.
[[nodiscard]] std::string filled_help(std::string_view text, std::string_view ns);

}  // namespace pinhook::resolve
