#include <pinhook/cloud/oauth.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/http/retry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::cloud {
namespace {

constexpr json::parse_limits limits{.depth = 32, .size = std::size_t{64} * 1024};
// Bytes of each of the peer's texts that a message keeps.
constexpr std::size_t max_words = 160;

// Shorter texts are no secrets, and their removal would tear other words apart.
constexpr std::size_t shortest_secret = 8;

std::string without_secrets(std::string text, const std::vector<secret>& shown) {
  for (const secret& one : shown) {
    const std::string& hidden = one.reveal();
    if (hidden.size() < shortest_secret) continue;
    for (auto at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at))
      text.replace(at, hidden.size(), "[redacted]");
  }
  return text;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!is_blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// A code with its explanation: `invalid_grant: "The token has expired"`, either may be missing.
std::string coded(std::optional<std::string_view> code, std::optional<std::string_view> message) {
  std::string out;
  if (code && !code->empty()) out = quoted(one_line(*code), max_words);
  if (message && !message->empty())
    out += fmt::format("{}{}", out.empty() ? "" : ": ", quoted(one_line(*message), max_words));
  return out;
}

// RFC 6749 §5.2 · Google's APIs: {"error":{"status","message"}} · a registry's {"errors":[{"code","message"}]}.
std::string words_of_json(const json::value& body) {
  if (const json::value* e = json::find(body, "error"); e != nullptr && e->IsObject())
    return coded(json::find_string(*e, "status"), json::find_string(*e, "message"));
  const json::value* errors = json::find(body, "errors");
  if (errors != nullptr && errors->IsArray() && !errors->Empty())
    return coded(json::find_string((*errors)[0], "code"), json::find_string((*errors)[0], "message"));
  return coded(json::find_string(body, "error"), json::find_string(body, "error_description"));
}

std::string words_of(const token_step& step, std::string_view body) {
  const std::string text = without_secrets(std::string(body), step.shown);
  if (const auto parsed = json::parse(text, limits)) return words_of_json(*parsed);
  const std::string line = one_line(text);
  return line.empty() ? std::string() : quoted(line, max_words);
}

error_code oauth_code_of(int status) {
  if (status == 429) return error_code::rate_limited;
  if (status == 408 || status == 410 || (status >= 500 && status < 600)) return error_code::unavailable;
  if (status >= 400 && status < 500) return error_code::denied;
  return error_code::malformed;
}

std::unexpected<error> malformed_token(const token_step& step, std::string_view why) {
  return fail(error_code::malformed, fmt::format("{}: the answer {}", step.name, why));
}

std::optional<std::int64_t> read_seconds(const json::value& answer) {
  if (const auto number = json::find_integer(answer, "expires_in")) return number;
  const auto text = json::find_string(answer, "expires_in");
  if (!text) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (fault != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

}  // namespace

form& form::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ = secret(fmt::format("{}{}{}={}", text(), text().empty() ? "" : "&", name, percent_encoded(value)));
  return *this;
}

http::request form_request(std::string url, const form& fields) {
  http::request out;
  out.verb = http::method::post;
  out.url = std::move(url);
  out.headers.push_back({"Accept", "application/json"});
  out.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  out.body = secret(fields.text());
  return out;
}

error refused(const token_step& step, const http::response& r, wall_time now) {
  const bool is_redirect = r.status >= 300 && r.status < 400;
  const std::string words = is_redirect ? "a redirect, which is not followed" : words_of(step, r.body);
  return {oauth_code_of(r.status),
          fmt::format("{}: HTTP {}{}{}", step.name, r.status, words.empty() ? "" : ", ", words),
          http::parse_retry_after(r.headers, now)};
}

result<json::document> read_answer(const token_step& step, const result<http::response>& outcome, wall_time now) {
  if (!outcome) return fail(outcome.error().at(step.name));
  if (outcome->status != 200) return fail(refused(step, *outcome, now));
  auto parsed = json::parse(outcome->body, limits);
  if (!parsed) return fail(std::move(parsed.error()).at(fmt::format("{}: the answer", step.name)));
  if (!parsed->IsObject()) return malformed_token(step, "is not a JSON object");
  return parsed;
}

result<secret> read_token(const token_step& step, const json::value& answer, std::string_view key) {
  const auto text = json::find_string(answer, key);
  if (!text || text->empty()) return malformed_token(step, fmt::format("has no \"{}\"", key));
  if (text->size() > max_access_token_size)
    return malformed_token(
        step, fmt::format("has {} bytes of \"{}\"; the limit is {}", text->size(), key, max_access_token_size));
  if (!std::all_of(text->begin(), text->end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return malformed_token(step, fmt::format("has characters in \"{}\" that are not allowed in a header", key));
  return secret(std::string(*text));
}

result<access_token> read_access_token(const token_step& step, const result<http::response>& outcome, wall_time now) {
  const auto answer = read_answer(step, outcome, now);
  if (!answer) return fail(answer.error());
  auto token = read_token(step, *answer, "access_token");
  if (!token) return fail(std::move(token.error()));
  const auto seconds = read_seconds(*answer);
  if (!seconds) return malformed_token(step, "has no \"expires_in\" that is a number of seconds");
  if (*seconds <= 0) return malformed_token(step, "holds a token that has expired");
  const auto life = std::min<std::int64_t>(*seconds, most_token_life.count());
  return access_token{*std::move(token), std::chrono::seconds(life)};
}

token_times times_of(std::chrono::seconds life, steady_time now) {
  const auto usable = std::max(std::chrono::seconds(0), life - least_token_life);
  return {now + usable, now + std::min<std::chrono::seconds>(usable, life * 4 / 5)};
}

}  // namespace pinhook::cloud
