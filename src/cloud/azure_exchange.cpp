#include <pinhook/cloud/azure_exchange.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace pinhook::cloud {
namespace {

// RFC 7515 §2: base64url without padding.
std::optional<std::string> from_base64url(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU);
  }
  return out;
}

}  // namespace

http::request exchange_request(std::string_view registry, const secret& token, std::string_view tenant) {
  form fields;
  fields.add("grant_type", "access_token").add("service", registry).add("tenant", tenant);
  fields.add("access_token", token.reveal());
  return form_request(fmt::format("https://{}/oauth2/exchange", registry), fields);
}

result<access_token> read_exchange(const token_step& step, const result<http::response>& outcome, wall_time now) {
  const auto answer = read_answer(step, outcome, now);
  if (!answer) return fail(answer.error());
  auto token = read_token(step, *answer, "refresh_token");
  if (!token) return fail(std::move(token.error()));
  auto life = unknown_refresh_life;
  if (const auto end = jwt_expiry(token->reveal())) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*end - now);
    life = std::clamp(left, std::chrono::seconds(0), most_token_life);
  }
  return access_token{*std::move(token), life};
}

std::optional<wall_time> jwt_expiry(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto claims = from_base64url(token.substr(first + 1, second - first - 1));
  if (!claims) return std::nullopt;
  const auto parsed = json::parse(*claims, {.depth = 32, .size = max_access_token_size});
  if (!parsed) return std::nullopt;
  const auto seconds = json::find_integer(*parsed, "exp");
  // Beyond the year 2200 the clock's nanoseconds overflow.
  constexpr std::int64_t latest = 7'258'118'400;
  if (!seconds || *seconds < 0) return std::nullopt;
  return wall_time(std::chrono::seconds(std::min(*seconds, latest)));
}

}  // namespace pinhook::cloud
