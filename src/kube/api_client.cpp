#include <pinhook/http/retry.hpp>
#include <pinhook/kube/api_client.hpp>
#include <pinhook/kube/api_objects.hpp>
#include <pinhook/kube/names.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace pinhook::kube {
namespace {

// Of a TokenRequest: the API server refuses less than the first.
constexpr std::chrono::seconds shortest_token{600};
constexpr std::chrono::seconds longest_token{3600};
constexpr std::size_t max_audience_size = 1024;
constexpr http::retry_options one_more{.tries = 2};

awaitable<void> wait_on_timer(std::chrono::nanoseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(span);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

std::function<double()> jitter() {
  auto engine = std::make_shared<std::minstd_rand>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

result<void> check(const question& q) {
  if (!is_namespace_name(q.ns))
    return fail(error_code::invalid_input, fmt::format("{} is no name of a namespace", quoted(q.ns)));
  if (!is_object_name(q.name))
    return fail(error_code::invalid_input, fmt::format("{} is no name of an object", quoted(q.name)));
  return {};
}

/// As next_try, which passes 429 on: registries mean their limits for hours, the API server for a second.
std::optional<std::chrono::nanoseconds> wait_before_next(int made, const result<http::response>& outcome,
                                                         std::chrono::nanoseconds left, wall_time now, double random) {
  if (!outcome || outcome->status != 429) return http::next_try(made, outcome, left, now, random, one_more);
  http::response busy;
  busy.status = 503;
  busy.headers = outcome->headers;
  return http::next_try(made, busy, left, now, random, one_more);
}

/// What the server did not accept, and what it said of it.
struct refusal {
  login::shown shown;
  error reason;
};

// "Kubernetes API: get secrets shop/pull: …"
std::unexpected<error> refuse(error e, const question& q) {
  return fail(std::move(e).at(q.to_string()).at("Kubernetes API"));
}

template <class T>
result<T> read(result<secret> answer, const question& q, result<T> (*parse)(std::string_view)) {
  if (!answer) return fail(std::move(answer.error()));
  auto out = parse(answer->reveal());
  if (!out) return refuse(std::move(out.error()), q);
  return out;
}

}  // namespace

api_client::api_client(http::client& http, cluster where, process_runner& processes, asio::any_io_executor on,
                       const clock& time, api_client_options options, api_client_seams seams)
    : http_(http),
      where_(std::make_shared<const cluster>(std::move(where))),
      time_(time),
      options_(options),
      seams_(std::move(seams)),
      login_(where_, processes, std::move(on), time, options.login) {
  if (!seams_.sleep) seams_.sleep = wait_on_timer;
  if (!seams_.random) seams_.random = jitter();
}

awaitable<result<secret_object>> api_client::get_secret(std::string ns, std::string name, deadline d) {
  const question what{"get", "secrets", std::move(ns), std::move(name)};
  auto answer = co_await ask(what, std::nullopt, d);
  co_return read(std::move(answer), what, parse_secret);
}

awaitable<result<service_account>> api_client::get_service_account(std::string ns, std::string name, deadline d) {
  const question what{"get", "serviceaccounts", std::move(ns), std::move(name)};
  auto answer = co_await ask(what, std::nullopt, d);
  co_return read(std::move(answer), what, parse_service_account);
}

awaitable<result<service_account_token>> api_client::request_token(std::string ns, std::string service_account,
                                                                   std::string audience, deadline d) {
  const question what{"create", "serviceaccounts/token", std::move(ns), std::move(service_account)};
  if (audience.empty() || audience.size() > max_audience_size)
    co_return refuse({error_code::invalid_input, "an audience has 1 to 1024 bytes", std::nullopt}, what);
  const auto lifetime = std::clamp(options_.token_lifetime, shortest_token, longest_token);
  std::optional<secret> body{secret(token_request(audience, lifetime))};
  auto answer = co_await ask(what, std::move(body), d);
  co_return read(std::move(answer), what, parse_token);
}

http::request api_client::request_for(const question& what, const std::optional<secret>& body) const {
  http::request out;
  const auto slash = what.resource.find('/');
  out.url =
      fmt::format("{}/api/v1/namespaces/{}/{}/{}", where_->server, what.ns, what.resource.substr(0, slash), what.name);
  if (slash != std::string::npos) out.url += what.resource.substr(slash);
  out.headers = {{"Accept", "application/json"}, {"User-Agent", "pinhook/" PINHOOK_VERSION}};
  if (body) {
    out.verb = http::method::post;
    out.body = body;
    out.headers.push_back({"Content-Type", "application/json"});
  }
  out.limits.body = max_object_size;
  // The operator says where the API server is, or the platform: also on this very machine.
  out.reach.loopback = true;
  return out;
}

awaitable<result<secret>> api_client::ask(question what, std::optional<secret> body, deadline d) {
  if (auto good = check(what); !good) co_return refuse(std::move(good.error()), what);
  std::optional<refusal> refused;
  for (;;) {
    auto shown = co_await login_.show(d);
    if (!shown) co_return refuse(std::move(shown.error()).at("our credentials"), what);
    if (refused && refused->shown == *shown) co_return refuse(std::move(refused->reason), what);
    http::request r = request_for(what, body);
    r.authorization = shown->authorization;
    r.tls = shown->tls;
    auto outcome = co_await send(std::move(r), d);
    if (!outcome) co_return refuse(std::move(outcome.error()), what);
    if (outcome->status >= 200 && outcome->status < 300) co_return secret(std::move(outcome->body));
    error reason = from_status(what, *outcome, time_.wall());
    if (reason.code == error_code::unauthorized) reason.message += fmt::format(" ({})", where_->origin);
    const bool again = outcome->status == 401 && !refused && login_.renew(*shown);
    if (!again) co_return refuse(std::move(reason), what);
    refused = refusal{std::move(*shown), std::move(reason)};
  }
}

awaitable<result<http::response>> api_client::send(http::request r, deadline d) {
  for (int made = 1;; ++made) {
    if (d.has_passed(time_.now())) co_return fail(error_code::timed_out, "out of time before it was asked");
    http::request once = r;
    auto outcome = co_await http_.send(std::move(once), d);
    const auto wait = wait_before_next(made, outcome, d.remaining(time_.now()), time_.wall(), seams_.random());
    if (!wait) co_return outcome;
    co_await seams_.sleep(*wait);
  }
}

}  // namespace pinhook::kube
