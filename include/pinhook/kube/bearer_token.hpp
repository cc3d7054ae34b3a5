// The syntax of bearer tokens.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinhook::kube {

/// Limit in bytes of a token: with the header's name it must fit a header line of the API server.
inline constexpr std::size_t max_token_size = std::size_t{64} * 1024;

/// True for a text that is valid behind "Bearer ": visible ASCII.
[[nodiscard]] bool is_token(std::string_view text);

}  // namespace pinhook::kube
