// What goes wrong, as the caller sees it.
//
// A code says what the caller can decide on; the message says what happened, to what, and what to do, for a person.
// Messages never hold a secret; text that came from a peer is bounded, escaped and quoted (`quoted`) before it gets
// here.
//
//   result<digest> parse(std::string_view text) {
//     if (text.empty()) return fail(error_code::invalid_input, "a digest may not be empty");
//
// Values without state: safe to use from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

enum class error_code : std::uint8_t {
  invalid_input,  // what we were given is wrong; asking again will not help
  not_found,      // the peer says that it does not exist
  unauthorized,   // the peer wants (other) credentials
  denied,         // the peer knows who asks and says no, or our own rules say no
  rate_limited,   // the peer says: later; `retry_after` when it said when
  unavailable,    // no connection, reset, 5xx: may work another time
  timed_out,      // our deadline passed
  canceled,       // we gave up, for example at shutdown
  malformed,      // the peer answered something that breaks its protocol or our limits
  unsupported,    // understood, and not something we do
  internal,       // our own mistake
};

/// The code's own name, as in the enum: "not_found". Stable: used in metrics and JSON.
std::string_view to_string(error_code code) noexcept;

/// True for codes under which the same question may get another answer later: rate_limited, unavailable, timed_out,
/// canceled, malformed.
bool is_temporary(error_code code) noexcept;

struct error {
  error_code code = error_code::internal;
  std::string message;
  std::optional<std::chrono::seconds> retry_after;

  /// The same error with where it happened put in front: `where: message`.
  [[nodiscard]] error at(std::string_view where) const&;
  [[nodiscard]] error at(std::string_view where) &&;

  friend bool operator==(const error&, const error&) = default;
};

template <class T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> fail(error_code code, std::string message) {
  return std::unexpected<error>(error{code, std::move(message), std::nullopt});
}

[[nodiscard]] inline std::unexpected<error> fail(error e) { return std::unexpected<error>(std::move(e)); }

/// A peer's text made fit for a message or a log line: in double quotes, control characters and non-ASCII bytes
/// escaped, cut after `limit` bytes of input with "…" in place of the rest.
std::string quoted(std::string_view text, std::size_t limit = 200);

/// The same for the name of an image, whose end, the tag, tells as much as its begin: what is longer than `limit` as it
/// is written then has "…" in its middle.
std::string quoted_name(std::string_view text, std::size_t limit = 200);

}  // namespace pinhook
