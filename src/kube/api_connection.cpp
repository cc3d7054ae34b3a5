#include <pinhook/kube/api_connection.hpp>

#include <pinhook/http/retry.hpp>
#include <pinhook/kube/names.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::kube {
namespace {

constexpr http::retry_options one_more{.tries = 2};

result<void> check(const request_attributes& q) {
  if (q.is_path()) return {};
  if (!q.is_cluster_wide && !is_namespace_name(q.ns))
    return fail(error_code::invalid_input, fmt::format("{} is not a valid name of a namespace", quoted(q.ns)));
  if (!q.is_list() && !is_object_name(q.name))
    return fail(error_code::invalid_input, fmt::format("{} is not a valid name of an object", quoted(q.name)));
  return {};
}

/// As next_try, which does not retry after 429: registries limit for hours, the API server for a second.
std::optional<std::chrono::nanoseconds> wait_before_next(int made, const result<http::response>& outcome,
                                                         std::chrono::nanoseconds left, wall_time now, double random) {
  if (!outcome || outcome->status != 429) return http::next_try(made, outcome, left, now, random, one_more);
  http::response busy;
  busy.status = 503;
  busy.headers = outcome->headers;
  return http::next_try(made, busy, left, now, random, one_more);
}

/// The credentials that the server refused, and its error.
struct refusal {
  login::shown shown;
  error reason;
};

// The core group has a path of its own.
std::string path_of(const request_attributes& q) {
  if (q.is_path()) return q.resource;
  std::string out = q.group.empty() ? "/api/" + q.version : fmt::format("/apis/{}/{}", q.group, q.version);
  if (!q.is_cluster_wide) out += "/namespaces/" + q.ns;
  if (q.is_list()) return fmt::format("{}/{}", out, q.resource);
  const auto slash = q.resource.find('/');
  out += fmt::format("/{}/{}", q.resource.substr(0, slash), q.name);
  if (slash != std::string::npos) out += q.resource.substr(slash);
  return out;
}

bool is_answer(const api_call& call, int status) {
  return (status >= 200 && status < 300) || (status == 409 && call.takes_conflict) ||
         (status == 410 && call.takes_gone) || (status == 404 && call.takes_missing);
}

}  // namespace

std::unexpected<error> refuse(error e, const request_attributes& attributes) {
  return fail(std::move(e).at(attributes.to_string()).at("Kubernetes API"));
}

api_connection::api_connection(http::client& http, cluster where, process_runner& processes, asio::any_io_executor on,
                               const clock& time, login_options login, wait_seams seams)
    : http_(http),
      where_(std::make_shared<const cluster>(std::move(where))),
      time_(time),
      seams_(std::move(seams)),
      login_(where_, processes, std::move(on), time, login) {}

http::request api_connection::request_for(const api_call& call) const {
  http::request out;
  out.verb = call.verb;
  out.url = where_->server + path_of(call.attributes);
  if (!call.query.empty()) out.url += "?" + call.query;
  out.headers = {{"Accept", "application/json"}, {"User-Agent", "pinhook/" PINHOOK_VERSION}};
  if (call.body) {
    out.body = call.body;
    out.headers.push_back({"Content-Type", call.content_type});
  }
  out.limits.body = call.most;
  out.on_body = call.on_body;
  out.stall_time = call.stall_time;
  // The operator or the platform gives the API server's address, so it can also be this machine.
  out.reach.loopback = true;
  return out;
}

awaitable<result<api_answer>> api_connection::ask(api_call call, deadline d) {
  if (auto good = check(call.attributes); !good) co_return refuse(std::move(good.error()), call.attributes);
  std::optional<refusal> refused;
  for (;;) {
    auto shown = co_await login_.show(d);
    if (!shown) co_return refuse(std::move(shown.error()).at("our credentials"), call.attributes);
    if (refused && refused->shown == *shown) co_return refuse(std::move(refused->reason), call.attributes);
    http::request r = request_for(call);
    r.authorization = shown->authorization;
    r.tls = shown->tls;
    auto outcome = co_await send(std::move(r), d);
    if (!outcome) co_return refuse(std::move(outcome.error()), call.attributes);
    if (is_answer(call, outcome->status)) {
      api_answer answer{outcome->status, secret(std::move(outcome->body))};
      co_return answer;
    }
    error reason = from_status(call.attributes, *outcome, time_.wall());
    if (reason.code == error_code::unauthorized) reason.message += fmt::format(" ({})", where_->origin);
    bool again = outcome->status == 401 && !refused;
    if (again) again = co_await login_.renew(*shown, d);
    if (!again) co_return refuse(std::move(reason), call.attributes);
    refused = refusal{std::move(*shown), std::move(reason)};
  }
}

awaitable<result<http::response>> api_connection::send(http::request r, deadline d) {
  for (int made = 1;; ++made) {
    if (d.has_passed(time_.now())) co_return fail(error_code::timed_out, "timed out before the request was sent");
    http::request once = r;
    auto outcome = co_await http_.send(std::move(once), d);
    if (r.on_body) co_return outcome;
    const auto wait = wait_before_next(made, outcome, d.remaining(time_.now()), time_.wall(), seams_.random());
    if (!wait) co_return outcome;
    co_await seams_.sleep(*wait);
  }
}

}  // namespace pinhook::kube
