// An HTTP world in memory: replies by verb and URL, records the requests, and can refuse at any step.
//
//   fake_http_client http(clock);
//   http.reply("HEAD https://r.example/v2/app/manifests/1", respond(401, {{"WWW-Authenticate", "Basic"}}));
//   http.reply("HEAD https://r.example/v2/app/manifests/1", respond(200, …));   // the second time and later
//   http.fail_at(2, fail(error_code::unavailable, "reset"));
#pragma once

#include "support/fake_clock.hpp"

#include <pinhook/http/client.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

inline http::response respond(int status, http::headers headers = {}, std::string body = {}) {
  http::response r;
  r.status = status;
  r.headers = std::move(headers);
  r.body = std::move(body);
  return r;
}

class fake_http_client final : public http::client {
 public:
  using outcome = result<http::response>;
  using answerer = std::function<outcome(const http::request&)>;

  explicit fake_http_client(fake_clock& time) : time_(time) {}

  /// Replies to "VERB url" (a '*' at the end matches any rest) in the order given; the last one stays.
  void reply(std::string_view request, outcome result) {
    answer(request, [result = std::move(result)](const http::request&) { return result; });
  }
  void answer(std::string_view request, answerer answer_of) {
    rule_for(request).replies.push_back(std::move(answer_of));
  }
  /// Forgets the replies given for "VERB url" so far.
  void forget(std::string_view request) { rule_for(request) = {std::string(request), {}, 0}; }

  /// The n-th request (from 1) of all gets this instead of its reply.
  void fail_at(std::size_t n, outcome result) { failures_.insert_or_assign(n, std::move(result)); }
  /// Takes back all `fail_at` and `hang_at`.
  void heal() {
    failures_.clear();
    hangs_at_ = 0;
  }
  /// The n-th request is not answered: its deadline passes.
  void hang_at(std::size_t n) { hangs_at_ = n; }

  [[nodiscard]] const std::vector<http::request>& requests() const { return requests_; }
  /// "VERB url" of each request, in order.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    out.reserve(requests_.size());
    for (const auto& r : requests_) out.push_back(line_of(r));
    return out;
  }
  void clear_requests() { requests_.clear(); }

  awaitable<result<http::response>> send(http::request r, deadline d) override {
    // Others get their turn between a request and its response, as with a real network.
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    requests_.push_back(r);
    const std::size_t n = requests_.size();
    if (n == hangs_at_) {
      time_.advance(d.remaining(time_.now()));
      co_return fail(error_code::timed_out, "no answer in time");
    }
    if (const auto found = failures_.find(n); found != failures_.end()) co_return found->second;
    for (auto& one : rules_) {
      if (!matches(one.pattern, line_of(r)) || one.replies.empty()) continue;
      auto& answer_of = one.replies[std::min(one.used, one.replies.size() - 1)];
      ++one.used;
      co_return streamed(r, answer_of(r));
    }
    ADD_FAILURE() << "unexpected request: " << line_of(r);
    co_return fail(error_code::unavailable, "unexpected request");
  }

 private:
  // The body of a 2xx in two pieces to whoever takes it as it arrives.
  static outcome streamed(const http::request& r, outcome whole) {
    if (!r.on_body || !whole || whole->status < 200 || whole->status >= 300) return whole;
    const std::string body = std::move(whole->body);
    whole->body.clear();
    const std::size_t half = body.size() / 2;
    for (const std::string_view piece : {std::string_view(body).substr(0, half), std::string_view(body).substr(half)})
      if (!piece.empty() && !r.on_body(piece)) return pinhook::fail(error_code::canceled, "given up");
    return whole;
  }

  struct rule {
    std::string pattern;
    std::vector<answerer> replies;
    std::size_t used = 0;
  };

  static std::string line_of(const http::request& r) { return std::string(http::to_string(r.verb)) + " " + r.url; }
  static bool matches(std::string_view pattern, std::string_view line) {
    if (pattern.ends_with('*')) return line.starts_with(pattern.substr(0, pattern.size() - 1));
    return line == pattern;
  }
  rule& rule_for(std::string_view request) {
    for (auto& one : rules_)
      if (one.pattern == request) return one;
    rules_.push_back({std::string(request), {}, 0});
    return rules_.back();
  }

  fake_clock& time_;
  std::vector<rule> rules_;
  std::vector<http::request> requests_;
  std::map<std::size_t, outcome> failures_;
  std::size_t hangs_at_ = 0;
};

}  // namespace pinhook::testing
