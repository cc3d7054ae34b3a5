#include <pinhook/console/console.hpp>

#include <pinhook/base/compute_thread.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/console/cluster_cache.hpp>
#include <pinhook/console/cluster_feed.hpp>
#include <pinhook/console/endpoint.hpp>
#include <pinhook/console/viewer_gate.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/webhook/certificate_watch.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <set>
#include <string>
#include <utility>

namespace pinhook::console {
namespace {

// Workloads, Pods and namespaces whose rows are made in one round: some tenths of a second.
constexpr std::size_t most_of_round = 2'000;
constexpr std::chrono::seconds drain_limit{5};
// Look-ups that take longer are named in the log.
constexpr std::chrono::minutes late_lookups{5};

server::server_options server_options_of(const console_options& of) {
  server::server_options out;
  out.name = "console";
  out.listen = of.listen.to_string();
  // Nobody sends a body to it.
  out.limits.body = std::size_t{4} * 1024;
  return out;
}

awaitable<bool> is_canceled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
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
        schedule(options.schedule, options.seams.random),
        touched(t.now()),
        engine(options.engine, std::move(options.history)),
        gate(to, io.get_executor(), time, {.wants_token = !options.listen.ip.is_loopback()}),
        tls(time),
        aside("console-rows"),
        tasks(io.get_executor()),
        service(io, {&io}, server_options_of(options),
                make_endpoint({.gate = gate,
                               .health = health,
                               .numbers = numbers,
                               .time = time,
                               .view = [this] { return shown; },
                               .state = [this] { return state(); },
                               .tls = options.certificate ? &tls : nullptr}),
                numbers, time) {
    auto first = std::make_shared<fleet_view>();
    first->rules = fleet::rules_of_report(engine.options().checks);
    first->exceptions = engine.exceptions().all();
    shown = std::move(first);
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
      if (!cache.has_changes()) {
        if (!is_complete) complete();
        continue;
      }
      co_await make_round();
      if (!is_complete && !cache.has_changes()) complete();
    }
  }

  void complete() {
    is_complete = true;
    health.set(server::health_state::ready);
    log::info("the cluster has been read", {{"namespaces", shown->namespaces.size()}, {"objects", cache.objects()}});
  }

  awaitable<void> make_round() {
    auto round = std::make_shared<engine_round>();
    round->namespaces = cache.take_changed(most_of_round);
    round->answers = std::exchange(answers, {});
    round->dropped = schedule.take_dropped();
    round->now = time.wall();
    round->is_whole = feed.is_whole();
    round->is_complete = is_complete;
    auto made = std::make_shared<round_result>();
    std::function<void()> work = [this, round, made] { *made = engine.run(std::move(*round)); };
    const bool has_run = co_await aside.run("rows", std::move(work));
    if (has_run) take(std::move(*made));
  }

  void take(round_result made) {
    auto next = std::make_shared<fleet_view>(*shown);
    for (auto& [name, part] : made.namespaces) {
      schedule.use(name, part == nullptr ? std::vector<registry::reference>() : part->wanted, time.now());
      if (part == nullptr)
        next->namespaces.erase(name);
      else
        next->namespaces.insert_or_assign(name, std::move(part));
    }
    next->days = std::move(made.days);
    shown = std::move(next);
    const std::string trouble = made.trouble ? made.trouble->message : std::string();
    if (trouble != store_trouble && !trouble.empty()) log::error("the history is not written", {{"reason", trouble}});
    store_trouble = trouble;
  }

  awaitable<void> ask_registries() {
    for (;;) {
      co_await options.seams.sleep(options.rest);
      const bool ends = co_await is_canceled();
      if (ends) co_return;
      touch_answered();
      auto due = schedule.due(time.now(), options.batch);
      if (due.empty()) continue;
      // The work owns what it uses: one that hangs is left behind at the end.
      struct asked_batch {
        manifest_lookup lookup;
        std::vector<registry::reference> references;
        std::vector<result<fleet::manifest>> answers{};
      };
      const auto batch = std::make_shared<asked_batch>(options.lookup, std::move(due));
      std::function<void()> work = [batch] { batch->answers = batch->lookup(batch->references); };
      std::function<void(bool)> on_late = [](bool is_late) {
        if (is_late) log::warning("look-ups in registries take long", {});
      };
      const bool has_run = co_await run_aside(std::move(work), late_lookups, std::move(on_late));
      const bool stops = co_await is_canceled();
      if (stops) co_return;
      if (has_run) take(batch->references, std::move(batch->answers));
    }
  }

  // Images that everybody uses are among the first answers, and each would make all rows anew.
  void touch_answered() {
    if (answered.empty() || (schedule.unasked() > 0 && time.now() - touched < options.first_pause)) return;
    for (const std::string& ns : std::exchange(answered, {})) cache.touch(ns);
    touched = time.now();
  }

  void take(const std::vector<registry::reference>& asked, std::vector<result<fleet::manifest>> got) {
    for (std::size_t i = 0; i < asked.size() && i < got.size(); ++i) {
      std::optional<std::string> answer;
      if (got[i])
        answer = got[i]->digest.to_string();
      else if (got[i].error().code == error_code::not_found)
        answer = got[i].error().message;
      for (std::string& ns : schedule.done(asked[i], answer, time.now())) answered.insert(std::move(ns));
      answers.push_back({asked[i], std::move(got[i])});
    }
    touch_answered();
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
    out.asks_registries = static_cast<bool>(options.lookup);
    out.references = schedule.size();
    out.unasked = schedule.unasked();
    out.failed = schedule.failed();
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
  lookup_schedule schedule;
  std::vector<registry_answer> answers;
  /// Namespaces about which registries answered something new, and when such were looked at last.
  std::set<std::string> answered;
  steady_time touched;
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
  if (p.options.lookup) p.tasks.spawn(p.ask_registries());
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
