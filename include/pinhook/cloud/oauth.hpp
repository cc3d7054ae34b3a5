// What the token services of clouds take and give, as far as they agree (RFC 6749 §4, §5): forms, tokens with a time to
// live, and refusals as JSON.
//
//   const asked what{"Google: STS token exchange", {subject_token}};
//   result<access_token> got = read_access_token(what, co_await http.send(…), time.wall());
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cloud {

/// Bytes of a token. Microsoft's and AWS-federated ones reach some KiB.
inline constexpr std::size_t max_access_token_size = std::size_t{16} * 1024;
/// A token's life is taken as at most this.
inline constexpr std::chrono::seconds most_token_life = std::chrono::hours(24);
/// A token with less life than this left is not shown any more.
inline constexpr std::chrono::seconds least_token_life{10};

/// application/x-www-form-urlencoded, built up.
class form {
 public:
  /// Nothing happens for an empty value.
  form& add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_.reveal(); }

 private:
  secret text_;
};

/// POST of a form, asking for JSON.
[[nodiscard]] http::request form_request(std::string url, const form& fields);

struct access_token {
  secret token;
  std::chrono::seconds life{0};
};

/// One step of a chain.
struct asked {
  /// For messages, the cloud first: "Google: STS token exchange".
  std::string step;
  /// What was shown in it: a peer that repeats it finds it taken out of its words.
  std::vector<secret> shown;
};

/// The error behind a status other than 200, with the peer's words: 429 is rate_limited with its Retry-After, 408, 410
/// (Azure's metadata service while it is renewed) and 5xx are unavailable, other 4xx denied (an image may exist all
/// the same: never not_found), the rest, redirects among them, malformed.
[[nodiscard]] error refused(const asked& what, const http::response& r, wall_time now);

/// The answer's JSON object. Errors: the transfer's own, those of `refused`, malformed; all with the step.
[[nodiscard]] result<json::document> read_answer(const asked& what, const result<http::response>& outcome,
                                                 wall_time now);

/// A member that is a token. malformed: it is missing, empty, too long, or has characters that no header may have.
[[nodiscard]] result<secret> read_token(const asked& what, const json::value& answer, std::string_view key);

/// The answer's "access_token" and "expires_in", a number or decimal digits in a string (Azure's metadata service).
[[nodiscard]] result<access_token> read_access_token(const asked& what, const result<http::response>& outcome,
                                                     wall_time now);

/// How long a token is held: until `least_token_life` before its end, and renewed after four fifths of its life. What
/// is renewed too early (metadata services give the same token for long) has its next turn after four fifths of the
/// rest, so nobody is asked in a hurry.
struct token_times {
  steady_time until;
  steady_time renew_at;
};
[[nodiscard]] token_times times_of(std::chrono::seconds life, steady_time now);

}  // namespace pinhook::cloud
