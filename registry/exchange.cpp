#include <pinhook/registry/exchange.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/http/curl_error.hpp>
#include <pinhook/registry/authorization.hpp>
#include <pinhook/registry/error_body.hpp>
#include <pinhook/registry/manifest.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace pinhook::registry {
namespace {

// Removes a secret from a refusal that repeats it, so that it does not get into messages.
void scrub(std::string& text, std::string_view hidden) {
  constexpr std::size_t shortest = 4;  // shorter ones occur in any text
  if (hidden.size() < shortest) return;
  for (auto at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at))
    text.replace(at, hidden.size(), "*");
}

void scrub_refusal(http::response& r, const http::request& request, const credential& shown,
                   const http::headers& added) {
  if (r.status < 400) return;
  for (const auto& one : added) scrub(r.body, one.value);
  scrub(r.body, shown.secret.reveal());
  if (request.authorization) {
    const std::string_view value = request.authorization->reveal();
    scrub(r.body, value.substr(value.find(' ') + 1));
  }
}

void log_warnings(std::string_view registry, const http::response& r) {
  if (!log::is_enabled(log::level::debug)) return;
  for (const auto line : read_warnings(r))
    log::debug("the registry warns", {{"registry", registry}, {"warning", quoted(line, max_warning_bytes)}});
}

// "76;w=21600" (docker/docs, "Docker Hub usage and limits").
std::optional<std::int64_t> read_rate_limit(const http::response& r) {
  const auto text = http::find_header(r.headers, "ratelimit-remaining");
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, bad] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (bad != std::errc() || (end != text->data() + text->size() && *end != ';')) return std::nullopt;
  return value;
}

// The repository of /v2/<repository>/manifests/<reference>, for a redirect to another registry's API.
std::string repository_of(std::string_view path) {
  constexpr std::string_view head = "/v2/";
  const auto tail = path.rfind("/manifests/");
  if (!path.starts_with(head) || tail == std::string_view::npos || tail <= head.size()) return {};
  const std::string_view repository = path.substr(head.size(), tail - head.size());
  return repository.find('%') == std::string_view::npos ? std::string(repository) : std::string();
}

std::string default_root(const origin& at) { return fmt::format("{}://{}/v2/", at.scheme, at.authority()); }

// An error of the connection begins with the host. Where that is the registry itself, naming it once is enough.
error at_registry(error e, std::string_view registry) {
  for (const std::string_view port : {"", ":443", ":80"})
    if (const auto name = fmt::format("{}{}: ", registry, port); e.message.starts_with(name))
      e.message.erase(0, name.size());
  return std::move(e).at(fmt::format("registry {}", registry));
}

error too_late(std::string_view registry) {
  return {error_code::timed_out, fmt::format("registry {} did not answer in time", registry), std::nullopt};
}

}  // namespace

// The parts that the fetch of a token still needs when no caller waits for it any more.
struct exchange::common {
  http::client& http;
  const clock& time;
  const std::string user_agent;
  observer* watch;  // null also when the exchange has ended
  wait_seams seams;
  token_cache tokens = token_cache();

  awaitable<result<http::response>> send(http::request r, int* tries_made, bool observed, std::string registry,
                                         deadline d);
  awaitable<result<granted_token>> fetch(token_request request, registry::credential credential, deadline d);
  void observe(std::string_view registry, const result<http::response>& outcome, steady_time started) const;
};

// The host that the request has reached: the registry itself, or one that it was redirected to.
struct exchange::hop {
  web_url url;
  bool redirected = false;
  bool from_public_network = false;
  int redirects = 0;
  http::reach reach = {};
  std::shared_ptr<const http::tls_settings> tls = {};
  std::shared_ptr<const http::tls_settings> tls_elsewhere = {};
  std::vector<std::string> realm_hosts = {};
  bool plain_http = false;
  // The repository's name at this host; empty: unknown.
  std::string repository = {};
  // "https://host/v2/"
  std::string api_root = {};
  // The route's headers, for its own host alone.
  http::headers headers = {};
};

exchange::exchange(http::client& http, const client_options& options, const access_rules& rules, const clock& time,
                   observer* watch, wait_seams seams)
    : common_(std::make_shared<common>(common{http, time, options.user_agent, watch, std::move(seams)})),
      options_(options),
      rules_(rules),
      flights_({}, time, {.fetch_limit = options.token_limit, .hold_failure = std::chrono::nanoseconds(0)}) {
  for (const auto& [registry, settings] : options_.hosts) tls_.emplace(registry, http::trusting(settings.ca_file));
}

exchange::~exchange() { common_->watch = nullptr; }

const host_settings* exchange::settings_for(std::string_view registry) const {
  const auto found = options_.hosts.find(registry);
  return found == options_.hosts.end() ? nullptr : &found->second;
}

std::shared_ptr<const http::tls_settings> exchange::tls_for(std::string_view registry) const {
  const auto found = tls_.find(registry);
  return found == tls_.end() ? nullptr : found->second;
}

std::string exchange::base_url(const route* by, const reference& ref) const {
  const bool is_plain = speaks_plain_http(settings_for(ref.registry()), by, ref);
  return fmt::format("{}://{}", is_plain ? "http" : "https", ref.wire_host());
}

result<exchange::hop> exchange::first_hop(const manifest_request& request) const {
  const origin& there = request.url.where();
  const host_settings* settings = settings_for(request.registry);
  const route* const by = request.by.get();
  hop at{request.url};
  at.plain_http = there.scheme == "http";
  at.api_root = by != nullptr && by->base ? by->base->text() + "/" : default_root(there);
  at.reach.loopback = options_.asks_loopback || settings != nullptr || (by != nullptr && by->is_named);
  if (!at.reach.loopback && is_loopback_name(there.host))
    return fail(
        {error_code::denied,
         fmt::format("registry {0} has a loopback name, which means the machine or Pod that pinhook itself runs "
                     "on: it is asked only when pinhook's configuration lists it. Give the registry's name in "
                     "the network, or write in pinhook's configuration: registries: {{\"{0}\": {{}}}}",
                     request.registry),
         std::nullopt, remedy::in_message});
  at.repository = request.repository;
  if (by != nullptr && !by->is_upstream) {
    if (auto refused = rules_.refusal_of_host(there.authority()))
      return fail(std::move(*refused).at(by->ns.empty() ? fmt::format("registry {}", by->host)
                                                        : fmt::format("mirror of {}", by->ns)));
    // The URL holds the mirror's name for the repository; else its challenge has it.
    at.repository = repository_of(request.url.path());
  }
  if (settings != nullptr) at.realm_hosts = settings->realm_hosts;
  at.tls = at.tls_elsewhere = tls_for(request.registry);
  if (by != nullptr && by->tls) {
    at.tls = by->tls;
    at.tls_elsewhere = by->tls_elsewhere;
  }
  if (by != nullptr)
    for (const auto& h : by->headers) at.headers.push_back({h.name, h.value.reveal()});
  return at;
}

std::optional<error> exchange::follow(const manifest_request& request, hop& at, const http::response& r) const {
  const std::string where = fmt::format("registry {}", request.registry);
  auto next = next_hop(at.url, r, at.redirects++);
  if (!next) return std::move(next).error().at(where);
  if (auto refused = rules_.refusal_of_host(next->url.where().authority()))
    return std::move(*refused).at(fmt::format("{} redirects to another host", where));
  at.from_public_network = at.from_public_network || r.from_public_network;
  at.url = std::move(next->url);
  // Another host gets nothing that was meant for the registry, and reaches no deeper than the registry's own network.
  at.redirected = true;
  const origin& there = at.url.where();
  const host_settings* known = settings_for(there.authority());
  at.tls = at.tls_elsewhere = tls_for(there.authority());
  at.realm_hosts = known != nullptr ? known->realm_hosts : std::vector<std::string>();
  at.headers.clear();
  at.repository = repository_of(at.url.path());
  at.api_root = default_root(there);
  at.plain_http = there.scheme == "http";
  // This holds for a registry on this machine too: its other ports are other programs (an admin port, a sidecar).
  at.reach.loopback = known != nullptr;
  at.reach.private_networks = !at.from_public_network || known != nullptr;
  return std::nullopt;
}

awaitable<result<http::response>> exchange::ask(manifest_request request, deadline d) {
  auto first = first_hop(request);
  if (!first) co_return fail(std::move(first).error());
  hop at = std::move(*first);
  for (;;) {
    auto outcome = co_await ask_host(request, at, d);
    if (!outcome) {
      if (at.redirected)
        co_return fail(std::move(outcome).error().at(
            fmt::format("registry {} redirects to {}", request.registry, at.url.where().authority())));
      co_return outcome;
    }
    if (!is_redirect(outcome->status)) co_return outcome;
    if (auto refused = follow(request, at, *outcome)) co_return fail(std::move(*refused));
  }
}

// Runs until the host has answered or redirects to another one. `at.url` follows its redirects to itself.
awaitable<result<http::response>> exchange::ask_host(const manifest_request& request, hop& at, deadline d) {
  auth_target target{request.registry, at.url, at.repository};
  target.verb = request.verb;
  target.plain_http = at.plain_http;
  target.reach = at.reach;
  target.tls = at.tls;
  target.tls_elsewhere = at.tls_elsewhere;
  target.headers = at.headers;
  target.rules = &rules_;
  target.realm_hosts = at.realm_hosts;
  target.is_named = [this](const origin& there) { return settings_for(there.authority()) != nullptr; };
  target.redirected = at.redirected;
  if (at.redirected) target.registry = at.url.where().authority();
  const credential shown = at.redirected ? credential{} : request.credential;
  auth_flow flow(std::move(target), shown, challenges_, common_->tokens, common_->time.wall());
  result<http::response> last = fail(error_code::internal, "nothing was sent");
  auth_action action = flow.next(auth_started{});
  for (;;) {
    if (auto* failed = std::get_if<error>(&action)) co_return fail(std::move(*failed));
    if (std::holds_alternative<finished>(action)) co_return last;
    if (auto* fetch = std::get_if<get_token>(&action)) {
      auto token_wanted = std::move(fetch->request);
      credential copy = shown;
      auth_token obtained = co_await token(std::move(token_wanted), std::move(copy), d);
      action = flow.next(obtained);
    } else if (std::holds_alternative<send_ping>(action)) {
      http::request ping = manifest_message(request, at);
      ping.verb = http::method::get;
      ping.url = at.api_root;
      ping.limits = {};
      last = co_await send(request, at, std::move(ping), d);
      if (!last) co_return last;
      action = flow.next(auth_pinged{*last});
    } else {
      http::request message = manifest_message(request, at);
      // The action is used again after a redirect within the host, so it is copied.
      const auto& authorization = std::get<send_request>(action).authorization;
      if (authorization) message.authorization = authorization;
      last = co_await send(request, at, std::move(message), d);
      if (!last) co_return last;
      if (is_redirect(last->status)) {
        auto next = next_hop(at.url, *last, at.redirects);
        if (!next || !next->same_context) co_return last;
        ++at.redirects;
        at.url = std::move(next->url);
      } else {
        action = flow.next(auth_answered{*last});
      }
    }
  }
}

http::request exchange::manifest_message(const manifest_request& request, const hop& at) const {
  http::request r;
  r.verb = request.verb;
  r.url = at.url.text();
  for (const auto& one : at.headers) add_configured(r, one);
  r.headers.push_back({"Accept", std::string(accepted_manifests)});
  r.limits.body = request.most_bytes != 0 ? request.most_bytes : max_manifest_size;
  r.reach = at.reach;
  r.tls = at.tls;
  return r;
}

awaitable<result<http::response>> exchange::send(const manifest_request& request, const hop& at, http::request r,
                                                 deadline d) {
  auto sent = std::make_shared<http::request>(r);
  std::string registry = request.registry;
  auto outcome = co_await common_->send(std::move(r), request.tries_made, true, std::move(registry), d);
  if (!outcome) {
    error failed = at_registry(std::move(outcome).error(), request.registry);
    if (!at.redirected && http::speaks_plain_http(failed)) {
      failed.message += ". " + scheme_advice(request.by.get(), request.registry, true);
      failed.mended_by = remedy::in_message;
    }
    co_return fail(std::move(failed));
  }
  scrub_refusal(*outcome, *sent, at.redirected ? credential{} : request.credential, at.headers);
  log_warnings(request.registry, *outcome);
  if (common_->watch != nullptr) {
    if (const auto left = read_rate_limit(*outcome)) common_->watch->rate_limit_remaining(request.registry, *left);
  }
  co_return outcome;
}

awaitable<result<http::response>> exchange::common::send(http::request r, int* tries_made, bool observed,
                                                         std::string registry, deadline d) {
  // Some registries compress manifests, and then the digest is not that of the body
  // (registry.access.redhat.com: quay/quay#1310; Harbor: oras-go#1177).
  r.headers.push_back({"Accept-Encoding", "identity"});
  if (!http::find_header(r.headers, "User-Agent")) r.headers.push_back({"User-Agent", user_agent});
  for (;;) {
    const steady_time started = time.now();
    if (d.has_passed(started)) co_return fail(too_late(registry));
    http::request once = r;
    auto outcome = co_await http.send(std::move(once), d);
    if (observed) observe(registry, outcome, started);
    const auto wait = http::next_try(*tries_made, outcome, d.remaining(time.now()), time.wall(), seams.random());
    if (!wait) co_return outcome;
    ++*tries_made;
    co_await seams.sleep(*wait);
  }
}

void exchange::common::observe(std::string_view registry, const result<http::response>& outcome,
                               steady_time started) const {
  if (watch == nullptr) return;
  watch->registry_request(registry, outcome ? outcome->status : 0,
                          outcome ? std::string_view("ok") : to_string(outcome.error().code), time.now() - started);
}

awaitable<auth_token> exchange::token(token_request request, registry::credential credential, deadline d) {
  const clock& time = common_->time;
  if (auto held = common_->tokens.find(request.key, time.now())) co_return auth_token{std::move(*held), false};
  token_key key = request.key;
  const std::string registry = request.registry;
  token_flights::fetch fetch = [with = common_, request = std::move(request), credential = std::move(credential)](
                                   deadline limit) { return fetch_token(with, request, credential, limit); };
  auto got = co_await flights_.get(std::move(key), std::move(fetch), d);
  if (!got && got.error().code == error_code::timed_out && d.has_passed(time.now())) got = fail(too_late(registry));
  co_return auth_token{std::move(got)};
}

awaitable<result<exchange::token_flights::fetched>> exchange::fetch_token(std::shared_ptr<common> with,
                                                                          token_request request,
                                                                          registry::credential credential, deadline d) {
  const token_key key = request.key;
  const std::string registry = request.registry;
  auto granted = co_await with->fetch(std::move(request), std::move(credential), d);
  if (with->watch != nullptr) with->watch->token_fetched(registry, granted ? "ok" : to_string(granted.error().code));
  if (!granted) co_return fail(std::move(granted).error());
  const steady_time now = with->time.now();
  with->tokens.put(key, *granted, now);
  // Held by `tokens`, and not by the flights.
  token_flights::fetched out{std::move(granted->token), now};
  co_return out;
}

awaitable<result<granted_token>> exchange::common::fetch(token_request request, registry::credential credential,
                                                         deadline d) {
  int tries_made = 1;
  std::string registry = request.registry;
  const registry::credential shown = credential;
  const http::headers added = request.headers;
  token_flow flow(std::move(request), std::move(credential), time.wall());
  token_step step = flow.start();
  for (;;) {
    if (auto* failed = std::get_if<error>(&step)) co_return fail(std::move(*failed));
    if (auto* granted = std::get_if<granted_token>(&step)) co_return std::move(*granted);
    http::request r = std::get<http::request>(std::move(step));
    auto sent = std::make_shared<http::request>(r);
    auto outcome = co_await send(std::move(r), &tries_made, false, registry, d);
    if (outcome) scrub_refusal(*outcome, *sent, shown, added);
    step = flow.next(outcome);
  }
}

}  // namespace pinhook::registry
