// The table of routes, and a pure function that finds a request's route from its head, before its body is read.
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
  /// The required Content-Type, without parameters and without regard to case; empty: any.
  std::string_view media_type;
  /// Position in the list of handlers.
  std::size_t handler = 0;
};

/// The refusal of a request that has no handler; answered as text/plain with the reason and a remedy.
struct refusal {
  unsigned status = 400;
  std::string reason;
  /// For 405: the methods of the path.
  std::string allow;
};

/// The route of a request, or 404 (the text lists the known paths), 405 (with Allow), 415.
[[nodiscard]] std::expected<const route*, refusal> find_route(std::span<const route> table, std::string_view method,
                                                              std::string_view path, std::string_view content_type);

/// The refusal as a response.
[[nodiscard]] response to_response(const refusal& r);

}  // namespace pinhook::server
