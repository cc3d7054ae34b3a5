// Errors, as the caller sees them.
//
// The code is for the caller's decision; the message names the fault, its object and the remedy, for a user. Messages
// never hold a secret; text of a peer is bounded, escaped and quoted (`quoted`) before it gets here.
//
//   result<digest> parse(std::string_view text) {
//     if (text.empty()) return fail(error_code::invalid_input, "a digest must not be empty");
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
  invalid_input,  // the input is wrong; another try will not help
  not_found,      // the peer reports that it does not exist
  unauthorized,   // the peer requires (other) credentials
  denied,         // the peer knows the caller and refuses, or a local rule refuses
  rate_limited,   // the peer limits requests; `retry_after` when it gave a time
  unavailable,    // no connection, reset, 5xx: may succeed another time
  timed_out,      // the deadline passed
  canceled,       // given up by this side, for example at shutdown
  malformed,      // the peer's answer breaks its protocol or a limit
  unsupported,    // understood, but not supported
  internal,       // a fault of this program
};

/// The code's own name, as in the enum: "not_found". Stable: used in metrics and JSON.
std::string_view to_string(error_code code) noexcept;

/// True for codes after which the same request may succeed later: rate_limited, unavailable, timed_out, canceled,
/// malformed.
bool is_temporary(error_code code) noexcept;

/// The remedy of an error, where its code does not tell. The advice in words depends on its reader: resolve/advice.hpp.
enum class remedy : std::uint8_t {
  of_code,          // the one of the code
  in_message,       // the message ends with it
  name_resolution,  // the spelling of a host, or the DNS of the machine that asked
  other_source,     // an image from elsewhere: the configuration or a proxy refuses this host
  configuration,    // a change of the configuration, which the message names
  lock_file,        // an entry in the lock file
};

struct error {
  error_code code = error_code::internal;
  std::string message;
  std::optional<std::chrono::seconds> retry_after;
  remedy mended_by = remedy::of_code;

  /// The same error with its place in front: `where: message`.
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

/// A peer's text made safe for a message or a log line: in double quotes, control characters and non-ASCII bytes
/// escaped, cut after `limit` bytes of input with "…" in place of the rest. An object, not a function:
/// argument-dependent lookup would prefer std::quoted for a std::string wherever a system header declares that, as GCC
/// 14's <chrono> does.
struct text_quoter {
  std::string operator()(std::string_view text, std::size_t limit = 200) const;
};
inline constexpr text_quoter quoted;

/// The same for the name of an image, whose end, the tag, matters as much as its beginning: when the result is longer
/// than `limit`, it has "…" in its middle.
std::string quoted_name(std::string_view text, std::size_t limit = 200);

}  // namespace pinhook
