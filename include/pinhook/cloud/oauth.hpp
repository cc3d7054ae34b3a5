// The common part of the token services of clouds (RFC 6749 §4, §5): forms, tokens with a time to live, and refusals as
// JSON.
//
//   const token_step step{"Google: STS token exchange", {subject_token}};
//   result<access_token> got = read_access_token(step, co_await http.send(…), time.wall());
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
/// The longest life of a token that is believed.
inline constexpr std::chrono::seconds most_token_life = std::chrono::hours(24);
/// A token with less life than this left is not used any more.
inline constexpr std::chrono::seconds least_token_life{10};

/// application/x-www-form-urlencoded, built up.
class form {
 public:
  /// Does nothing for an empty value.
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

/// One step on the way to a token.
struct token_step {
  /// For messages, the cloud first: "Google: STS token exchange".
  std::string name;
  /// The secrets that were sent in it: they are removed from the peer's text, which may repeat them.
  std::vector<secret> shown;
};

/// The error for a status other than 200, with the peer's text: 429 is rate_limited with its Retry-After, 408, 410
/// (Azure's metadata service while it is renewed) and 5xx are unavailable, other 4xx denied (an image may exist all the
/// same: never not_found), the rest, including redirects, malformed.
[[nodiscard]] error refused(const token_step& step, const http::response& r, wall_time now);

/// The answer's JSON object. Errors: the transfer's own, those of `refused`, malformed; all with the step.
[[nodiscard]] result<json::document> read_answer(const token_step& step, const result<http::response>& outcome,
                                                 wall_time now);

/// A member that is a token. malformed: it is missing, empty, too long, or has characters that are not allowed in a
/// header.
[[nodiscard]] result<secret> read_token(const token_step& step, const json::value& answer, std::string_view key);

/// The answer's "access_token" and "expires_in", a number or decimal digits in a string (Azure's metadata service).
[[nodiscard]] result<access_token> read_access_token(const token_step& step, const result<http::response>& outcome,
                                                     wall_time now);

/// The times of a token: it is held until `least_token_life` before its end, and renewed after four fifths of its life.
/// One that is renewed too early (metadata services give the same token for long) is renewed again after four fifths of
/// the rest, so that no service is asked in a hurry.
struct token_times {
  steady_time until;
  steady_time renew_at;
};
[[nodiscard]] token_times times_of(std::chrono::seconds life, steady_time now);

}  // namespace pinhook::cloud
