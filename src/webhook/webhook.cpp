#include <pinhook/webhook/webhook.hpp>

#include <pinhook/access/registry_access.hpp>
#include <pinhook/admission/handler.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/resolve/locked_resolver.hpp>
#include <pinhook/resolve/tag_resolver.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/server/tls_context.hpp>
#include <pinhook/server/worker_pool.hpp>
#include <pinhook/webhook/certificate_source.hpp>
#include <pinhook/webhook/certificate_watch.hpp>
#include <pinhook/webhook/configuration_watch.hpp>
#include <pinhook/webhook/cores.hpp>
#include <pinhook/webhook/lock_watch.hpp>
#include <pinhook/webhook/request_deadline.hpp>
#include <pinhook/webhook/telemetry.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace pinhook::webhook {
namespace {

using std::chrono::milliseconds;

const std::vector<server::route> webhook_routes{
    {"POST", "/v1/pin/enforce", "application/json", 0},
    {"POST", "/v1/pin/best-effort", "application/json", 1},
    {"POST", "/v1/pin/audit", "application/json", 2},
};
constexpr std::array modes{pin::mode::enforce, pin::mode::best_effort, pin::mode::audit};

const std::vector<server::route> admin_routes{
    {"GET", "/livez", "", 0},
    {"GET", "/readyz", "", 1},
    {"GET", "/metrics", "", 2},
};

milliseconds whole_milliseconds(std::chrono::nanoseconds d) { return std::chrono::duration_cast<milliseconds>(d); }

std::size_t thread_count(const config::settings& s) { return s.threads == 0 ? usable_cores() : s.threads; }

resolve::resolver_options resolver_options(const config::settings& s, const access::registry_access& access) {
  resolve::resolver_options out = access.resolver_options(s);
  out.cache = s.cache;
  out.gate.requests = std::max(out.gate.requests, s.resolver.host_concurrency);
  return out;
}

server::limits server_limits(const config::settings& s) {
  server::limits out;
  out.body = s.limits.body;
  out.header = s.limits.header;
  out.idle = whole_milliseconds(s.limits.idle);
  out.request = whole_milliseconds(s.limits.request);
  out.handshake = whole_milliseconds(s.limits.handshake);
  out.connections = s.limits.connections;
  return out;
}

std::shared_ptr<const admission::rulebook> book_of(const config::settings& s) {
  pin::policy policy = s.pin;
  if (!s.own_namespace.empty()) policy.excluded_namespaces.push_back(s.own_namespace);
  return std::make_shared<const admission::rulebook>(std::move(policy), s.rules);
}

server::response metrics_page(server::metrics& numbers) {
  server::response out;
  out.content_type = std::string(server::metrics::content_type);
  out.body = numbers.render();
  return out;
}

}  // namespace

// The members are in the order in which each needs those before it; they are destroyed the other way round.
struct webhook::parts {
  parts(asio::io_context& io, config::settings s, environment all, config::configuration_source c,
        const pinhook::clock& t)
      : control(io),
        config(std::move(s)),
        surroundings(std::move(all)),
        from(std::move(c)),
        time(t),
        seen(numbers),
        tls(time),
        workers(thread_count(config), "webhook"),
        large("webhook-large"),
        tasks(io.get_executor()),
        admin(control, {&control}, admin_options(), {admin_routes, admin_handlers()}, numbers, time),
        service(control, workers.contexts(), service_options(), {webhook_routes, service_handlers(), &tls}, numbers,
                time) {}

  server::server_options admin_options() const {
    server::server_options out;
    out.name = "admin";
    out.listen = config.admin_listen.to_string();
    return out;
  }

  server::server_options service_options() const {
    server::server_options out;
    out.name = "webhook";
    out.listen = config.listen.to_string();
    out.limits = server_limits(config);
    return out;
  }

  std::vector<server::handler> admin_handlers() {
    return {
        [this](server::request) -> awaitable<server::response> { co_return state.livez(overdue_reads(time.now())); },
        [this](server::request) -> awaitable<server::response> { co_return state.readyz(); },
        [this](server::request) -> awaitable<server::response> {
          numbers.set_stalled_read("look-ups", overdue_reads(time.now()) != 0);
          co_return metrics_page(numbers);
        }};
  }

  std::vector<server::handler> service_handlers() {
    std::vector<server::handler> out;
    for (const auto mode : modes)
      out.emplace_back([this, mode](server::request r) { return admit(mode, std::move(r)); });
    return out;
  }

  awaitable<server::response> admit(pin::mode mode, server::request r) {
    const deadline d = request_deadline(r.received, r.query("timeout"), config.deadline);
    admission::verdict v = co_await admission->handle(r.body, mode, d);
    const auto took = time.now() - r.received;
    if (v.slots.size() > admission::max_small_images) {
      std::function<void()> note = [&] { seen.admitted(v, mode, took); };
      co_await large.run(v.ns, std::move(note));
    } else {
      seen.admitted(v, mode, took);
    }
    server::response out;
    out.status = v.http_status;
    out.content_type = std::move(v.content_type);
    out.body = std::move(v.body);
    co_return out;
  }

  result<void> open_access() {
    auto opened = access::registry_access::open(control, config, surroundings, time, &seen);
    if (!opened) return fail(std::move(opened.error()));
    access = std::move(*opened);
    resolver = std::make_shared<resolve::tag_resolver>(control.get_executor(), access->client(), time, &seen,
                                                       resolver_options(config, *access));
    auto tags = tags_before_registries();
    if (!tags) return fail(std::move(tags.error()));
    admission = std::make_unique<admission::handler>(*std::move(tags), access->tenants(), book_of(config), &large);
    numbers.set_rules(config.rules.rules().size());
    if (!from.file.empty()) configuration = std::make_unique<configuration_watch>(from, config, rules_user(), numbers);
    return {};
  }

  std::function<void(const config::settings&)> rules_user() {
    return [this](const config::settings& s) {
      admission->use(book_of(s));
      numbers.set_rules(s.rules.rules().size());
    };
  }

  // If there is a lock file: its resolver, with the registries behind it.
  result<std::shared_ptr<resolve::resolver>> tags_before_registries() {
    if (config.lock.file.empty()) return resolver;
    auto locked = std::make_shared<resolve::locked_resolver>(resolver, config.lock.required);
    auto opened = lock_watch::open(config.lock.file, locked, numbers);
    if (!opened) return fail(std::move(opened.error()));
    lock = *std::move(opened);
    return locked;
  }

  result<void> load_certificate(const std::optional<key_pair>& pair) {
    if (pair) {
      auto used = tls.set_pair(pair->certificate, pair->key);
      if (used) numbers.set_certificate_expiry(tls.not_after());
      return used;
    }
    const bool has_files = !config.tls.cert_file.empty();
    if (has_files)
      if (auto ok = open_certificate_files(); !ok) return ok;
    auto cluster = access->connect(config, surroundings);
    if (!cluster && cluster.error().code != error_code::not_found)
      return fail(std::move(cluster.error()).at("Kubernetes API"));
    if (!cluster && has_files) return {};
    if (!cluster)
      return fail(
          error_code::invalid_input,
          fmt::format("no certificate: give --tls-cert and --tls-key (tls.cert_file and tls.key_file), or run in a "
                      "cluster (or give a kubeconfig), where pinhook keeps one itself; {}",
                      cluster.error().message));
    if (has_files) {
      certificate = certificate_source::watched(*std::move(cluster), config, {tls, state, numbers, time});
      return {};
    }
    auto kept = certificate_source::self_managed(*std::move(cluster), config, {tls, state, numbers, time});
    if (!kept) return fail(std::move(kept.error()));
    certificate = *std::move(kept);
    return {};
  }

  result<void> open_certificate_files() {
    file_watch_options options;
    options.poll = config.tls.reload_interval;
    options.settle = std::min(options.settle, options.poll);
    pair_files = std::make_unique<certificate_watch>(server::pair_names{config.tls.cert_file, config.tls.key_file},
                                                     options, tls, numbers);
    auto ok = pair_files->open();
    if (ok)
      if (const auto why = tls.why_not_valid())
        log::error("the serving certificate is refused by clients", {{"why", *why}});
    return ok;
  }

  // Called when reading those files does not come back, and when it has come back after all. Serving goes on with the
  // contents that were read before.
  std::function<void(bool)> on_stall(std::string files) {
    return [this, files = std::move(files)](bool is_stalled) {
      state.set_stalled(files, is_stalled);
      numbers.set_stalled_read(files, is_stalled);
      if (is_stalled)
        log::error("reading files does not come back: their volume hangs; what was read before stays in use",
                   {{"files", files}, {"after_seconds", read_limit.count()}});
      else
        log::info("reading files came back", {{"files", files}});
    };
  }

  void watch_files() {
    tasks.spawn(access->watch_files(on_stall("credentials")));
    if (lock) tasks.spawn(lock->keep(on_stall("lock")));
    if (configuration) tasks.spawn(configuration->keep(on_stall("configuration")));
    if (pair_files) tasks.spawn(pair_files->keep(on_stall("certificate")));
  }

  void look_at_files() {
    access->hurry();
    if (lock) lock->hurry();
    if (configuration) configuration->hurry();
    if (pair_files) pair_files->hurry();
  }

  asio::io_context& control;
  config::settings config;
  environment surroundings;
  config::configuration_source from;
  const pinhook::clock& time;
  server::metrics numbers;
  telemetry seen;
  server::health state;
  server::tls_context tls;
  // Made by `start`.
  std::unique_ptr<access::registry_access> access;
  std::shared_ptr<resolve::tag_resolver> resolver;
  /// Null: nothing is locked.
  std::unique_ptr<lock_watch> lock;
  std::unique_ptr<admission::handler> admission;
  /// Null: there is no configuration file.
  std::unique_ptr<configuration_watch> configuration;
  /// Null: no files are given.
  std::unique_ptr<certificate_watch> pair_files;
  /// Null: trust is not checked.
  std::unique_ptr<certificate_source> certificate;
  server::worker_pool workers;
  /// Declared before the servers whose requests it works on.
  compute_thread large;
  server::task_group tasks;
  server::server admin;
  server::server service;
};

webhook::webhook(asio::io_context& control, config::settings s, environment surroundings,
                 config::configuration_source from, const clock& time)
    : parts_(std::make_unique<parts>(control, std::move(s), std::move(surroundings), std::move(from), time)) {}

webhook::~webhook() = default;

result<void> webhook::start(std::optional<key_pair> pair) {
  parts& p = *parts_;
  if (auto ok = p.admin.start(); !ok) return fail(std::move(ok.error()).at("admin port"));
  p.state.set(server::health_state::starting, "the webhook does not listen yet");
  if (auto ok = p.open_access(); !ok) return ok;
  if (auto ok = p.load_certificate(pair); !ok) return ok;
  if (auto ok = p.service.start(); !ok) return fail(std::move(ok.error()).at("webhook port"));
  p.watch_files();
  if (p.certificate)
    p.tasks.spawn(p.certificate->keep());
  else
    p.state.set(server::health_state::ready);
  return {};
}

awaitable<void> webhook::stop() {
  parts& p = *parts_;
  p.state.set(server::health_state::draining, "shutting down");
  p.service.begin_leaving();
  if (p.config.shutdown.delay.count() > 0) {
    asio::steady_timer timer(p.control);
    timer.expires_after(p.config.shutdown.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_await p.service.stop(whole_milliseconds(p.config.shutdown.limit));
  co_await p.resolver->stop();
  p.tasks.cancel();
  co_await p.tasks.wait();
  co_await p.admin.stop(milliseconds(0));
  p.workers.stop();
}

result<bool> webhook::reload_if_changed() {
  if (!parts_->configuration) return false;
  const auto changed = parts_->configuration->take_if_changed(read_files_in_time(parts_->configuration->files()));
  if (!changed) return fail(changed.error());
  return changed->has_value();
}

void webhook::look_at_files() { parts_->look_at_files(); }

server::listen_address webhook::listens_at() const { return {parts_->config.listen.ip, parts_->service.port()}; }
server::listen_address webhook::admin_at() const { return {parts_->config.admin_listen.ip, parts_->admin.port()}; }
std::size_t webhook::threads() const { return parts_->workers.size(); }

std::string webhook::cluster() const { return parts_->access ? parts_->access->cluster() : std::string(); }

}  // namespace pinhook::webhook
