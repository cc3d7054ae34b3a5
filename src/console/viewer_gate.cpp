#include <pinhook/console/viewer_gate.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/kube/access_review.hpp>
#include <pinhook/server/task_group.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace pinhook::console {
namespace {

// Tokens of service accounts have some 1.2 KiB.
constexpr std::size_t most_token = std::size_t{16} * 1024;

using kube::reviewed_user;

// The reviews of one viewer; it lives in the frame of `look`.
class viewing {
 public:
  viewing(kube::api_connection& to, asio::io_context::executor_type on, std::vector<std::string> namespaces,
          std::size_t at_once, deadline d)
      : to_(to), on_(std::move(on)), namespaces_(std::move(namespaces)), at_once_(at_once), limit_(d) {}

  awaitable<result<visible_namespaces>> look(secret token) {
    auto user = co_await kube::review_token(to_, std::move(token), limit_);
    if (!user) co_return fail(std::move(user.error()));
    user_ = std::move(*user);
    kube::asked_access door{.verb = "get", .path = "/pinhook"};
    auto may_look = co_await kube::review_access(to_, user_, std::move(door), limit_);
    if (!may_look) co_return fail(std::move(may_look.error()));
    if (!*may_look)
      co_return fail(error_code::denied,
                     fmt::format("user {} lacks a ClusterRole with verb \"get\" on the nonResourceURL \"/pinhook\"",
                                 quoted(user_.name)));
    kube::asked_access everywhere{.verb = "list", .resource = "pods"};
    auto all = co_await kube::review_access(to_, user_, std::move(everywhere), limit_);
    if (!all) co_return fail(std::move(all.error()));
    if (*all) co_return visible_namespaces();
    server::task_group workers(on_);
    for (std::size_t i = 0; i < at_once_; ++i) workers.spawn(work());
    co_await workers.wait();
    if (failure_) co_return fail(std::move(*failure_));
    co_return visible_namespaces(std::move(seen_));
  }

 private:
  awaitable<void> work() {
    while (next_ < namespaces_.size() && !failure_) {
      const std::string ns = namespaces_[next_++];
      kube::asked_access one{.verb = "list", .resource = "pods", .ns = ns};
      auto may = co_await kube::review_access(to_, user_, std::move(one), limit_);
      if (!may)
        failure_ = std::move(may.error());
      else if (*may)
        seen_.insert(ns);
    }
  }

  kube::api_connection& to_;
  const asio::io_context::executor_type on_;
  const std::vector<std::string> namespaces_;
  const std::size_t at_once_;
  const deadline limit_;
  reviewed_user user_;
  std::size_t next_ = 0;
  std::set<std::string, std::less<>> seen_;
  std::optional<error> failure_;
};

// What the reviews of one viewer need, owned: they may outlive the request, and the gate.
struct review_terms {
  std::shared_ptr<kube::api_connection> to;
  asio::io_context::executor_type on;
  std::vector<std::string> namespaces;
  gate_options options;
  std::shared_ptr<std::size_t> under_way;
  const clock& time;
};

awaitable<result<fetch_cache<visible_namespaces>::fetched>> reviewed(review_terms terms, secret token, deadline until) {
  if (*terms.under_way >= terms.options.most_reviews)
    co_return fail(error_code::unavailable, "too many viewers came at once; try again");
  ++*terms.under_way;
  const std::shared_ptr<void> done(nullptr, [count = terms.under_way](void*) { --*count; });
  viewing one(*terms.to, terms.on, std::move(terms.namespaces), terms.options.at_once, until);
  auto seen = co_await one.look(std::move(token));
  if (!seen) co_return fail(std::move(seen.error()));
  fetch_cache<visible_namespaces>::fetched out{std::move(*seen), terms.time.now() + terms.options.kept};
  co_return out;
}

server::refusal refusal_of(const error& e) {
  switch (e.code) {
    case error_code::unauthorized:
      return {
          401, fmt::format("{}: send one as Authorization: Bearer TOKEN (kubectl create token NAME)", e.message), {}};
    case error_code::denied:
      return {403, e.message, {}};
    default:
      return {503, fmt::format("it could not be found out whether you may look: {}", e.message), {}};
  }
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const bool is_v6 = host.starts_with('[');
  const auto end = is_v6 ? host.find(']') : host.find(':');
  const std::string name = lowered(host.substr(0, is_v6 && end != std::string_view::npos ? end + 1 : end));
  constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::find(names, name) != names.end();
}

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() || lowered(authorization.substr(0, scheme.size())) != scheme) return {};
  const std::string_view token = trimmed(authorization.substr(scheme.size()));
  return token.size() > most_token ? std::string_view() : token;
}

viewer_gate::viewer_gate(std::shared_ptr<kube::api_connection> to, asio::io_context::executor_type on,
                         const clock& time, gate_options options)
    : to_(std::move(to)), on_(on), time_(time), options_(options), known_(on, time, {.fetch_limit = options.limit}) {}

awaitable<std::expected<visible_namespaces, server::refusal>> viewer_gate::admit(const server::request& r,
                                                                                 std::vector<std::string> namespaces,
                                                                                 deadline d) {
  using answer = std::expected<visible_namespaces, server::refusal>;
  if (!options_.wants_token) {
    if (is_loopback_host(r.host)) co_return answer(visible_namespaces());
    co_return answer(std::unexpect, server::refusal{421,
                                                    fmt::format("this console is on loopback, and the request is for "
                                                                "{}: use http://localhost and its port",
                                                                quoted(r.host)),
                                                    {}});
  }
  const std::string_view token = bearer_of(r.authorization.reveal());
  if (token.empty())
    co_return answer(std::unexpect, refusal_of({error_code::unauthorized, "a token of the cluster is wanted", {}}));
  std::string key = keyed_hash(token);
  secret shown{std::string(token)};
  review_terms terms{to_, on_, std::move(namespaces), options_, under_way_, time_};
  viewers::fetch source = [terms = std::move(terms), shown](deadline until) { return reviewed(terms, shown, until); };
  auto seen = co_await known_.get(std::move(key), std::move(source), d);
  if (!seen) co_return answer(std::unexpect, refusal_of(seen.error()));
  co_return answer(std::move(*seen));
}

awaitable<std::expected<void, server::refusal>> viewer_gate::allow(const server::request& r, kube::asked_access right,
                                                                   deadline d) {
  using answer = std::expected<void, server::refusal>;
  if (!options_.wants_token) co_return answer();
  const std::string_view token = bearer_of(r.authorization.reveal());
  if (token.empty())
    co_return answer(std::unexpect, refusal_of({error_code::unauthorized, "a token of the cluster is wanted", {}}));
  if (*under_way_ >= options_.most_reviews)
    co_return answer(std::unexpect,
                     refusal_of({error_code::unavailable, "too many viewers came at once; try again", {}}));
  ++*under_way_;
  const std::shared_ptr<void> done(nullptr, [count = under_way_](void*) { --*count; });
  secret shown{std::string(token)};
  auto user = co_await kube::review_token(*to_, std::move(shown), d);
  if (!user) co_return answer(std::unexpect, refusal_of(user.error()));
  const std::string what = fmt::format("{} {}{}{} in namespace {}", right.verb, right.resource,
                                       right.group.empty() ? "" : ".", right.group, right.ns);
  const std::string name = user->name;
  auto may = co_await kube::review_access(*to_, std::move(*user), std::move(right), d);
  if (!may) co_return answer(std::unexpect, refusal_of(may.error()));
  if (!*may)
    co_return answer(std::unexpect,
                     refusal_of({error_code::denied, fmt::format("user {} may not {}", quoted(name), what), {}}));
  co_return answer();
}

}  // namespace pinhook::console
