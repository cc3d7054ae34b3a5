#include <pinhook/server/server.hpp>

#include <pinhook/server/listener.hpp>
#include <pinhook/server/shard.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace pinhook::server {
namespace {

std::vector<std::unique_ptr<shard>> make_shards(const std::vector<asio::io_context*>& workers, service& all) {
  std::vector<std::unique_ptr<shard>> out;
  for (auto* io : workers) out.push_back(std::make_unique<shard>(*io, all));
  return out;
}

std::vector<shard*> pointers(const std::vector<std::unique_ptr<shard>>& shards) {
  std::vector<shard*> out;
  for (const auto& s : shards) out.push_back(s.get());
  return out;
}

}  // namespace

struct server::state {
  state(asio::io_context& io, const std::vector<asio::io_context*>& workers, server_options o, endpoint answers,
        metrics& m, const clock& time)
      : options(std::move(o)),
        all{.name = options.name,
            .limits = options.limits,
            .routes = std::move(answers.routes),
            .handlers = std::move(answers.handlers),
            .tls = answers.tls,
            .gate = std::move(answers.gate),
            .clock = time,
            .counters = m.listener(options.name),
            .sweep = options.sweep,
            .keeps_connections = true,
            .connections = 0,
            .bodies_in_memory = 0},
        shards(make_shards(workers, all)),
        entry(io, all, pointers(shards)) {}

  server_options options;
  service all;
  std::vector<std::unique_ptr<shard>> shards;
  listener entry;
};

server::server(asio::io_context& control, std::vector<asio::io_context*> workers, server_options options,
               endpoint answers, metrics& numbers, const clock& time)
    : state_(std::make_unique<state>(control, workers, std::move(options), std::move(answers), numbers, time)) {}

server::~server() = default;

result<void> server::start() {
  state& s = *state_;
  if (auto ok = s.entry.open(s.options.listen); !ok) return ok;
  for (const auto& one : s.shards) asio::post(one->context(), [&one = *one] { one.start(); });
  s.entry.start();
  return {};
}

std::uint16_t server::port() const { return state_->entry.port(); }

std::size_t server::connections() const { return state_->all.connections.load(); }

void server::begin_leaving() { state_->all.keeps_connections = false; }

void server::begin_drain() {
  state_->entry.close();
  for (const auto& one : state_->shards) asio::post(one->context(), [&one = *one] { one.begin_drain(); });
}

awaitable<void> server::stop(std::chrono::milliseconds limit) {
  state& s = *state_;
  begin_drain();
  const steady_time until = s.all.clock.now() + limit;
  for (const auto& one : s.shards) {
    // All have the same time limit, so waiting for one after the other takes no longer.
    awaitable<void> work = one->stop(until);
    co_await asio::co_spawn(one->context(), std::move(work), asio::use_awaitable);
  }
  co_await s.entry.wait();
}

}  // namespace pinhook::server
