// Which requests go where: a table, and a pure function that decides from the head of a request, before its body is
// read.
//
//   constexpr std::array<route, 2> table{{
//       {"POST", "/v1/pin/enforce", "application/json", 0},
//       {"GET", "/livez", "", 1},
//   }};
//
// Thread rule: values without state.
#pragma once

#include <pinhook/server/message.hpp>

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace pinhook::server {

struct route {
  /// In capitals. GET also answers HEAD.
  std::string_view method;
  /// Compared byte by byte with the target's path; one that ends in "/*" takes everything below it.
  std::string_view path;
  /// What Content-Type must say, without parameters and without regard to case; empty: it is not looked at.
  std::string_view media_type;
  /// Position in the list of handlers.
  std::size_t handler = 0;
};

/// A request that is not for a handler: answered as text/plain, reason and what to do.
struct refusal {
  unsigned status = 400;
  std::string reason;
  /// For 405: the methods that the path knows.
  std::string allow;
};

/// The route of a request, or 404 (the text lists the known paths), 405 (with Allow), 415.
[[nodiscard]] std::expected<const route*, refusal> find_route(std::span<const route> table, std::string_view method,
                                                              std::string_view path, std::string_view content_type);

/// The refusal as a response.
[[nodiscard]] response to_response(const refusal& r);

}  // namespace pinhook::server
