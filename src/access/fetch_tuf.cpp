#include <pinhook/access/fetch_tuf.hpp>

#include <pinhook/http/endpoint.hpp>
#include <pinhook/http/retry.hpp>

#include <fmt/core.h>

#include <optional>
#include <utility>

namespace pinhook::access {
namespace {

// No value: the repository does not have the file. Storage services answer 403 where a caller may not list.
result<std::optional<std::string>> file_in(result<http::response> answer) {
  if (!answer) {
    error& e = answer.error();
    const bool is_kept =
        e.code == error_code::timed_out || e.code == error_code::canceled || e.code == error_code::invalid_input;
    if (!is_kept) e.code = error_code::unavailable;
    return fail(std::move(e));
  }
  const int status = answer->status;
  if (status == 200) return std::optional(std::move(answer->body));
  if (status == 403 || status == 404) return std::optional<std::string>();
  if (status >= 300 && status < 400)
    return fail(error_code::unsupported,
                fmt::format("HTTP {} to {}; redirects are not followed: use the address that it leads to", status,
                            quoted(http::find_header(answer->headers, "Location").value_or("an unknown address"))));
  if (status == 401) return fail(error_code::unauthorized, "HTTP 401: the server wants credentials, and none are sent");
  if (status == 429) return fail(error_code::rate_limited, "HTTP 429: the server limits requests");
  return fail(error_code::unavailable, fmt::format("HTTP {}", status));
}

http::request request_for(const tuf_repository& from, const trust::tuf_request& wanted) {
  http::request out;
  out.url = from.url + "/" + wanted.path;
  out.headers = {{"Accept", "*/*"}, {"User-Agent", "pinhook/" PINHOOK_VERSION}};
  out.limits.body = wanted.most;
  // The operator names the repository, so it can also be this machine.
  out.reach.loopback = true;
  out.tls = from.tls;
  return out;
}

}  // namespace

result<std::string> parse_tuf_url(const std::string& text) {
  if (auto good = http::parse_endpoint(text); !good) return fail(std::move(good.error()));
  if (text.find_first_of("?#") != std::string::npos)
    return fail(error_code::invalid_input, "a repository's address has no query and no fragment");
  std::string out = text;
  while (out.ends_with('/')) out.pop_back();
  return out;
}

awaitable<result<void>> fetch_tuf(http::client& http, tuf_repository from, trust::tuf_update& update, const clock& time,
                                  deadline d, wait_seams seams) {
  while (update.wanted() != nullptr) {
    const http::request wanted = request_for(from, *update.wanted());
    result<http::response> answer = fail(error_code::internal, "not sent");
    for (int made = 1;; ++made) {
      http::request once = wanted;
      answer = co_await http.send(std::move(once), d);
      const auto wait = http::next_try(made, answer, d.remaining(time.now()), time.wall(), seams.random());
      if (!wait) break;
      co_await seams.sleep(*wait);
    }
    auto bytes = file_in(std::move(answer));
    if (!bytes) co_return fail(std::move(bytes.error()).at(wanted.url));
    if (auto good = update.take(std::move(*bytes)); !good) co_return fail(std::move(good.error()).at(from.url));
  }
  co_return result<void>();
}

}  // namespace pinhook::access
