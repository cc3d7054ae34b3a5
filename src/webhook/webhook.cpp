#include <pinhook/webhook/webhook.hpp>

#include <pinhook/access/document_reader.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/base/compute_thread.hpp>
#include <pinhook/proofs/proof_resolver.hpp>
#include <pinhook/resolve/tag_resolver.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/server/tls_context.hpp>
#include <pinhook/server/worker_pool.hpp>
#include <pinhook/webhook/admin_status.hpp>
#include <pinhook/webhook/admission_endpoint.hpp>
#include <pinhook/webhook/caller_gate.hpp>
#include <pinhook/webhook/client_authority_watch.hpp>
#include <pinhook/webhook/configuration_watch.hpp>
#include <pinhook/webhook/lock_watch.hpp>
#include <pinhook/webhook/moves_watch.hpp>
#include <pinhook/webhook/part_options.hpp>
#include <pinhook/webhook/served_certificate.hpp>
#include <pinhook/webhook/telemetry.hpp>
#include <pinhook/webhook/verifier_watch.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace pinhook::webhook {

using std::chrono::milliseconds;

// The members are in the order in which each needs those before it; they are destroyed the other way round.
struct webhook::parts {
  parts(asio::io_context& io, config::settings s, environment all, config::configuration_source c,
        const pinhook::clock& t)
      : control(io),
        config(std::move(s)),
        surroundings(std::move(all)),
        from(std::move(c)),
        time(t),
        status(time),
        seen(status.numbers()),
        tls(time),
        admission(seen, status.numbers(), time, config),
        certificate({tls, status.state(), status.numbers(), time}),
        workers(thread_count(config), "webhook"),
        large("webhook-large"),
        tasks(io.get_executor()),
        admin(control, {&control}, admin_options(config), status.endpoint(), status.numbers(), time),
        service(control, workers.contexts(), service_options(config), admission.endpoint(tls), status.numbers(), time) {
  }

  result<void> open_access() {
    auto opened = access::registry_access::open(control, config, surroundings, time, &seen,
                                                [this, alive = std::weak_ptr<const bool>(there)](kube::label_event e) {
                                                  if (!alive.expired()) note_namespace(e);
                                                });
    if (!opened) return fail(std::move(opened.error()));
    access = std::move(*opened);
    if (!access->cluster().empty()) status.state().note("namespaces", describe_labels(config, false));
    resolver = std::make_shared<resolve::tag_resolver>(control.get_executor(), access->client(), time, &seen,
                                                       resolver_options(config, access->resolver_options(config)));
    return {};
  }

  // The state of the check of namespaces' labels; the last read decides it.
  void note_namespace(kube::label_event event) {
    seen.namespace_read(event);
    if (event != kube::label_event::failed)
      status.state().note("namespaces", describe_labels(config, event == kube::label_event::not_allowed));
  }

  result<void> open_admission() {
    std::shared_ptr<resolve::resolver> tags = resolver;
    if (!config.lock.file.empty()) {
      auto opened = lock_watch::open(config.lock.file, {resolver, config.lock.required}, status.numbers());
      if (!opened) return fail(std::move(opened.error()));
      lock = *std::move(opened);
      tags = lock->resolver();
    }
    proofs::proof_options options = proof_options(config);
    options.trust_files = [this](const registry::reference& image, const std::string& server) {
      return access::trust_reader({access->client(), access->routes(), nullptr, access->own_credentials()}, image,
                                  server);
    };
    proofs = std::make_shared<proofs::proof_resolver>(control.get_executor(), resolver, large, time, &seen,
                                                      std::move(options));
    auto loaded = verifier_watch::open(
        config.verifiers, [this](verifier_watch::verifiers all) { proofs->use(std::move(all)); }, status.numbers());
    if (!loaded) return fail(std::move(loaded.error()));
    verifiers = *std::move(loaded);
    admission.open(std::move(tags), access->tenants(), config, access->meaning_of(), large, proofs);
    if (auto ok = open_moved_tags(); !ok) return ok;
    if (!from.file.empty())
      configuration = std::make_unique<configuration_watch>(
          from, config, [this](const config::settings& s) { admission.use(s); }, status.numbers(),
          [this](const config::settings& s) {
            auto ok = check_cooldowns(s);
            return ok ? verifiers->take(s.verifiers) : ok;
          });
    return {};
  }

  // moves.file takes effect after a restart, and a cooldown without it would let moved tags through.
  [[nodiscard]] result<void> check_cooldowns(const config::settings& s) const {
    if (moves || !s.rules.longest_cooldown()) return {};
    return fail(error_code::invalid_input,
                "rules: a cooldown needs the setting moves.file, which counts after a restart: restart with it");
  }

  result<void> open_moved_tags() {
    if (config.moves.file.empty()) return {};
    auto opened =
        open_moves(config.moves.file,
                   {.use = [this](std::shared_ptr<const resolve::tag_moves> all) { admission.use(std::move(all)); },
                    .note = [this](std::string text) { status.state().note("moves", std::move(text)); },
                    .numbers = status.numbers()});
    if (!opened) return fail(std::move(opened.error()));
    moves = *std::move(opened);
    return {};
  }

  result<void> open_callers() {
    status.state().note("callers", describe_callers(config));
    if (config.callers.client_ca.empty()) return {};
    authorities = std::make_unique<client_authority_watch>(config.callers.client_ca, tls_file_options(config), tls);
    return authorities->open();
  }

  result<void> open_certificate(const std::optional<key_pair>& pair) {
    return certificate.open(pair, config, [this] { return access->connect(config, surroundings); });
  }

  void watch_files() {
    tasks.spawn(access->watch_files(status.on_stall("credentials")));
    tasks.spawn(access->keep_cluster_mirrors(
        [this](std::string reason) { status.state().wait_for("mirrors", std::move(reason)); }));
    if (lock) tasks.spawn(lock->keep(status.on_stall("lock")));
    if (moves) tasks.spawn(moves->keep(status.on_stall("moves")));
    tasks.spawn(verifiers->keep(status.on_stall("verifiers")));
    if (configuration) tasks.spawn(configuration->keep(status.on_stall("configuration")));
    if (authorities) tasks.spawn(authorities->keep(status.on_stall("callers")));
    certificate.keep(tasks, status.on_stall("certificate"));
  }

  void look_at_files() {
    access->hurry();
    if (lock) lock->hurry();
    if (moves) moves->hurry();
    verifiers->hurry();
    if (configuration) configuration->hurry();
    if (authorities) authorities->hurry();
    certificate.hurry();
  }

  asio::io_context& control;
  /// Reads of namespaces may end after this, on the control thread.
  std::shared_ptr<const bool> there = std::make_shared<const bool>(true);
  config::settings config;
  environment surroundings;
  config::configuration_source from;
  const pinhook::clock& time;
  admin_status status;
  telemetry seen;
  server::tls_context tls;
  // Made by `start`.
  std::unique_ptr<access::registry_access> access;
  std::shared_ptr<resolve::tag_resolver> resolver;
  /// Null: nothing is locked.
  std::unique_ptr<lock_watch> lock;
  std::shared_ptr<proofs::proof_resolver> proofs;
  std::unique_ptr<verifier_watch> verifiers;
  /// Declared before the threads, whose unfinished requests refer to it.
  admission_endpoint admission;
  /// Null: nothing is known of moved tags.
  std::unique_ptr<mounted_file> moves;
  /// Null: there is no configuration file.
  std::unique_ptr<configuration_watch> configuration;
  /// Null: callers are not verified.
  std::unique_ptr<client_authority_watch> authorities;
  served_certificate certificate;
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
  p.status.state().set(server::health_state::starting, "the webhook does not listen yet");
  if (auto ok = p.open_access(); !ok) return ok;
  if (auto ok = p.open_admission(); !ok) return ok;
  if (auto ok = p.open_callers(); !ok) return ok;
  if (auto ok = p.open_certificate(pair); !ok) return ok;
  if (auto ok = p.service.start(); !ok) return fail(std::move(ok.error()).at("webhook port"));
  p.watch_files();
  return {};
}

awaitable<void> webhook::stop() {
  parts& p = *parts_;
  p.status.state().set(server::health_state::draining, "shutting down");
  p.service.begin_leaving();
  if (p.config.shutdown.delay.count() > 0) {
    asio::steady_timer timer(p.control);
    timer.expires_after(p.config.shutdown.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_await p.service.stop(std::chrono::duration_cast<milliseconds>(p.config.shutdown.limit));
  p.proofs->stop();
  co_await p.resolver->stop();
  p.tasks.cancel();
  co_await p.tasks.wait();
  co_await p.admin.stop(milliseconds(0));
  p.workers.stop();
}

result<bool> webhook::reload_if_changed() {
  if (!parts_->configuration) return false;
  const auto changed = parts_->configuration->take_now();
  if (!changed) return fail(changed.error());
  return changed->has_value();
}

void webhook::look_at_files() { parts_->look_at_files(); }

server::listen_address webhook::listens_at() const { return {parts_->config.listen.ip, parts_->service.port()}; }
server::listen_address webhook::admin_at() const { return {parts_->config.admin_listen.ip, parts_->admin.port()}; }
std::size_t webhook::threads() const { return parts_->workers.size(); }

std::string webhook::cluster() const { return parts_->access ? parts_->access->cluster() : std::string(); }

}  // namespace pinhook::webhook
