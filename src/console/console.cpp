#include <pinhook/console/console.hpp>

#include <pinhook/base/compute_thread.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/console/cluster_cache.hpp>
#include <pinhook/console/cluster_feed.hpp>
#include <pinhook/console/endpoint.hpp>
#include <pinhook/console/is_canceled.hpp>
#include <pinhook/console/moves_writer.hpp>
#include <pinhook/console/registry_feed.hpp>
#include <pinhook/console/viewer_gate.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/webhook/certificate_watch.hpp>

#include <fmt/core.h>

#include <string>
#include <utility>

namespace pinhook::console {
namespace {

// Workloads, Pods and namespaces whose rows are made in one round: some tenths of a second.
constexpr std::size_t most_of_round = 2'000;
constexpr std::chrono::seconds drain_limit{5};

server::server_options server_options_of(const console_options& of) {
  server::server_options out;
  out.name = "console";
  out.listen = of.listen.to_string();
  // Nobody sends a body to it.
  out.limits.body = std::size_t{4} * 1024;
  return out;
}

result<std::string> object_body(std::string_view body) { return std::string(body); }

awaitable<result<std::string>> read_object(std::shared_ptr<kube::api_connection> from, entity_id id,
                                           access::fleet_kind kind, deadline d) {
  kube::request_attributes about{.verb = "get", .resource = kind.resource, .ns = id.ns, .name = id.name};
  about.group = kind.group;
  about.version = kind.version;
  kube::api_call call{.attributes = about};
  auto answer = co_await from->ask(std::move(call), d);
  co_return kube::read_answer(std::move(answer), about, object_body);
}

}  // namespace

// The members are in the order in which each needs those before it.
struct console::parts {
  parts(asio::io_context& io, console_options o, std::shared_ptr<kube::api_connection> connection, const clock& t)
      : options(std::move(o)),
        time(t),
        to(std::move(connection)),
        started(t.wall()),
        paths(options.kinds),
        cache(paths, !options.engine.selector.is_empty()),
        feed(*to, cache, time,
             {.namespaces = options.namespaces,
              .kinds = options.kinds,
              .watches = options.watches,
              .seams = options.seams}),
        registries(to, io.get_executor(), time, std::move(options.registries), options.seams,
                   [this](const std::string& ns) { cache.touch(ns); }),
        engine(options.engine, std::move(options.history)),
        gate(to, io.get_executor(), time, {.wants_token = !options.listen.ip.is_loopback()}),
        tls(time),
        aside("console-rows"),
        tasks(io.get_executor()),
        service(
            io, {&io}, server_options_of(options),
            make_endpoint({.gate = gate,
                           .health = health,
                           .numbers = numbers,
                           .time = time,
                           .view = [this] { return shown; },
                           .state = [this] { return state(); },
                           .kind = [this](const entity_id& id) { return feed.find_kind(id.group, id.kind); },
                           .object = [this](entity_id id, access::fleet_kind kind,
                                            deadline d) { return read_object(to, std::move(id), std::move(kind), d); },
                           .tls = options.certificate ? &tls : nullptr}),
            numbers, time) {
    auto first = std::make_shared<fleet_view>();
    first->rules = fleet::rules_of_report(engine.options().checks);
    first->exceptions = engine.exceptions().all();
    shown = std::move(first);
    if (options.moves_configmap) moves.emplace(to, *options.moves_configmap, time);
  }

  awaitable<void> make_rows() {
    steady_time refreshed = time.now();
    for (;;) {
      // At the start no change is waited for: what was read is made into rows in one go.
      if (is_complete || !feed.is_settled() || !cache.has_changes()) co_await options.seams.sleep(options.settle);
      const bool ends = co_await is_canceled();
      if (ends) co_return;
      if (!is_complete && !feed.is_settled()) continue;
      if (time.now() - refreshed >= options.refresh) {
        cache.touch_all();
        refreshed = time.now();
      }
      if (!cache.has_changes() && !wants_moves()) {
        if (!is_complete) complete();
        continue;
      }
      co_await make_round();
      if (!is_complete && !cache.has_changes()) complete();
    }
  }

  [[nodiscard]] bool wants_moves() const { return is_complete && moves && moves->wants(); }

  void complete() {
    is_complete = true;
    health.set(server::health_state::ready);
    log::info("the cluster has been read", {{"namespaces", shown->namespaces.size()}, {"objects", cache.objects()}});
  }

  awaitable<void> make_round() {
    auto round = std::make_shared<engine_round>();
    round->namespaces = cache.take_changed(most_of_round);
    registries.give(*round);
    round->now = time.wall();
    round->is_whole = feed.is_whole();
    round->is_complete = is_complete;
    round->wants_moves = wants_moves();
    auto made = std::make_shared<round_result>();
    std::function<void()> work = [this, round, made] { *made = engine.run(std::move(*round)); };
    const bool has_run = co_await aside.run("rows", std::move(work));
    if (has_run) take(std::move(*made));
  }

  void take(round_result made) {
    auto next = std::make_shared<fleet_view>(*shown);
    for (auto& [name, part] : made.namespaces) {
      registries.use(name, part);
      if (part == nullptr)
        next->namespaces.erase(name);
      else
        next->namespaces.insert_or_assign(name, std::move(part));
    }
    next->days = std::move(made.days);
    shown = std::move(next);
    if (moves) moves->note_round();
    if (made.moves) tasks.spawn(moves->write(std::move(*made.moves)));
    const std::string trouble = made.trouble ? made.trouble->message : std::string();
    if (trouble != store_trouble && !trouble.empty()) log::error("the history is not written", {{"reason", trouble}});
    store_trouble = trouble;
  }

  [[nodiscard]] console_state state() const {
    console_state out;
    out.origin = to->where().origin;
    out.now = time.wall();
    out.started = started;
    out.is_complete = is_complete;
    out.namespaces = options.namespaces;
    out.selector = options.selector_text;
    out.troubles = feed.troubles();
    out.behind_since = feed.behind_since();
    for (auto& one : cache.troubles()) out.troubles.push_back(std::move(one));
    if (!store_trouble.empty()) out.troubles.push_back({{}, "--store: " + store_trouble});
    for (auto& one : registries.troubles()) out.troubles.push_back(std::move(one));
    if (auto one = moves ? moves->current_trouble() : std::nullopt) out.troubles.push_back(std::move(*one));
    out.asks_registries = registries.asks();
    out.references = registries.references().size();
    out.unasked = registries.references().unasked();
    out.failed = registries.references().failed();
    out.signed_images = registries.images().size();
    out.unchecked = registries.images().unasked();
    out.failed_checks = registries.images().failed();
    out.has_store = options.has_store;
    out.is_demo = options.is_demo;
    return out;
  }

  console_options options;
  const clock& time;
  const std::shared_ptr<kube::api_connection> to;
  const wall_time started;
  const pin::pod_paths paths;
  cluster_cache cache;
  cluster_feed feed;
  bool is_complete = false;
  registry_feed registries;
  std::optional<moves_writer> moves;
  std::string store_trouble;
  /// Used by `aside` alone, once it is made.
  row_engine engine;
  std::shared_ptr<const fleet_view> shown;
  viewer_gate gate;
  server::health health;
  server::metrics numbers;
  server::tls_context tls;
  std::optional<webhook::certificate_watch> certificate;
  compute_thread aside;
  server::task_group tasks;
  server::server service;
};

console::console(asio::io_context& control, console_options options, std::shared_ptr<kube::api_connection> to,
                 const clock& time)
    : parts_(std::make_unique<parts>(control, std::move(options), std::move(to), time)) {}

console::~console() = default;

result<void> console::start() {
  parts& p = *parts_;
  if (p.options.certificate) {
    p.certificate.emplace(*p.options.certificate, file_watch_options{}, p.tls, p.numbers);
    if (auto ok = p.certificate->open(); !ok) return ok;
  }
  if (auto ok = p.service.start(); !ok) return fail(std::move(ok.error()).at("--listen"));
  p.health.set(server::health_state::not_ready, "the cluster is being read");
  if (p.certificate)
    p.tasks.spawn(p.certificate->keep([&p](bool is_stalled) { p.health.set_stalled("certificate", is_stalled); }));
  p.feed.start(p.tasks);
  p.tasks.spawn(p.make_rows());
  if (p.registries.asks()) {
    p.tasks.spawn(p.registries.run());
    if (p.registries.has_others()) p.tasks.spawn(p.registries.run_others());
  }
  return {};
}

awaitable<void> console::stop() {
  parts& p = *parts_;
  p.health.set(server::health_state::draining, "shutting down");
  co_await p.service.stop(std::chrono::duration_cast<std::chrono::milliseconds>(drain_limit));
  p.tasks.cancel();
  co_await p.tasks.wait();
}

server::listen_address console::listens_at() const { return {parts_->options.listen.ip, parts_->service.port()}; }

std::shared_ptr<const fleet_view> console::view() const { return parts_->shown; }

console_state console::state() const { return parts_->state(); }

}  // namespace pinhook::console
