// The keys of an AWS identity for a limited time, which sign requests.
//
// A value; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::cloud {

struct aws_keys {
  std::string access_key_id;
  secret secret_access_key;
  /// With temporary keys; else empty.
  secret session_token;
  /// Nothing: no known end.
  std::optional<wall_time> expires;
  /// For people: "web identity role/pinhook", "instance role node". Never a secret.
  std::string principal;
};

/// Bytes of one key or token. STS's session tokens have 1 to 4 KiB today; AWS asks not to assume a limit.
inline constexpr std::size_t max_aws_key_size = std::size_t{16} * 1024;

/// True for a text that is allowed in a header: printable ASCII without spaces, not empty, at most `max_aws_key_size`.
[[nodiscard]] bool is_aws_token(std::string_view text);

}  // namespace pinhook::cloud
