// The cost of a cached answer: a hit of the cache, alone and with a second thread, and a whole request of three tags.
#include "support/fake_credentials.hpp"
#include "support/fake_registry_client.hpp"
#include "support/fake_resolver.hpp"

#include <pinhook/resolve/tag_resolver.hpp>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <cmath>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using namespace pinhook;
using testing::digest_of_digit;

constexpr int tags_in_use = 10'000;

struct filled_cache {
  resolve::digest_cache cache{resolve::cache_options{}};
  std::vector<std::string> names;
  filled_cache() {
    for (int i = 0; i < tags_in_use; ++i) {
      names.push_back(fmt::format("registry.example.com/team-{}/service-{}:v{}", i % 50, i % 900, i));
      cache.store({names.back(), "anonymous"}, digest_of_digit('a'), machine_clock().now() + std::chrono::hours(1));
    }
  }
};

filled_cache& shared_cache() {
  static filled_cache instance;
  return instance;
}

void cache_hit(benchmark::State& state) {
  filled_cache& filled = shared_cache();
  const steady_time now = machine_clock().now();
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 4999;
  for (auto _ : state) {
    const std::string& name = filled.names[i % tags_in_use];
    auto held = filled.cache.find({name, "anonymous"}, now);
    if (held.status != resolve::cached::state::fresh) state.SkipWithError("not a hit");
    benchmark::DoNotOptimize(held);
    i += 7919;
  }
}
BENCHMARK(cache_hit)->Threads(1)->Threads(2)->UseRealTime();

// The worst case for a lock: every thread wants the same tag.
void cache_hit_of_one_tag(benchmark::State& state) {
  filled_cache& filled = shared_cache();
  const steady_time now = machine_clock().now();
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.find({filled.names[0], "anonymous"}, now));
}
BENCHMARK(cache_hit_of_one_tag)->Threads(1)->Threads(2)->UseRealTime();

void cache_miss(benchmark::State& state) {
  filled_cache& filled = shared_cache();
  const steady_time now = machine_clock().now();
  for (auto _ : state)
    benchmark::DoNotOptimize(filled.cache.find({"registry.example.com/none/such:v1", "anonymous"}, now));
}
BENCHMARK(cache_miss);

// Stores into a full cache: each evicts.
void store_with_eviction(benchmark::State& state) {
  resolve::digest_cache cache({.capacity = tags_in_use});
  const auto digest = digest_of_digit('a');
  const steady_time now = machine_clock().now();
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string name = fmt::format("registry.example.com/team/service:v{}", i++);
    cache.store({name, "anonymous"}, digest, now);
  }
}
BENCHMARK(store_with_eviction);

// Plain LRU, to compare with.
class plain_lru {
 public:
  explicit plain_lru(std::size_t capacity) : capacity_(capacity) {}
  bool use(std::size_t tag) {
    if (const auto found = places_.find(tag); found != places_.end()) {
      order_.splice(order_.end(), order_, found->second);
      return true;
    }
    if (order_.size() == capacity_) {
      places_.erase(order_.front());
      order_.pop_front();
    }
    places_.emplace(tag, order_.insert(order_.end(), tag));
    return false;
  }

 private:
  std::size_t capacity_;
  std::list<std::size_t> order_;
  std::unordered_map<std::size_t, std::list<std::size_t>::iterator> places_;
};

// Hit rates, in percent: tags by a Zipf distribution over a hundred thousand, a cache for some of them, and a share of
// the requests for tags that are asked for only once (`flood`, of one namespace among ten).
void hit_rate(benchmark::State& state) {
  constexpr std::size_t tags = 100'000;
  constexpr std::size_t requests = 400'000;
  const auto capacity = static_cast<std::size_t>(state.range(0));
  const auto flood = static_cast<std::size_t>(state.range(1));
  std::vector<double> weights;
  for (std::size_t i = 1; i <= tags; ++i) weights.push_back(1 / std::pow(static_cast<double>(i), 0.9));
  std::discrete_distribution<std::size_t> zipf(weights.begin(), weights.end());
  const auto digest = digest_of_digit('a');
  const steady_time now = machine_clock().now();
  double ours = 0;
  double theirs = 0;
  double asked = 0;
  for (auto _ : state) {
    std::mt19937 engine(1);
    resolve::digest_cache cache({.capacity = capacity});
    plain_lru lru(capacity);
    ours = theirs = asked = 0;
    std::size_t unused = tags;
    for (std::size_t i = 0; i < requests; ++i) {
      for (std::size_t n = 0; n < flood; ++n) {
        const std::string name = fmt::format("docker.io/library/x:{}", ++unused);
        cache.store({name, "anonymous", "flood"}, digest, now);
        lru.use(unused);
      }
      const std::size_t tag = zipf(engine);
      const std::string name = fmt::format("docker.io/library/x:{}", tag);
      const std::string owner = fmt::format("team-{}", tag % 9);
      const resolve::cache_key key(name, "anonymous", owner);
      const bool is_counted = i > requests / 4;
      const bool is_hit = cache.find(key, now).status == resolve::cached::state::fresh;
      if (!is_hit) cache.store(key, digest, now);
      const bool is_lru_hit = lru.use(tag);
      if (!is_counted) continue;
      asked += 1;
      ours += is_hit ? 1 : 0;
      theirs += is_lru_hit ? 1 : 0;
    }
  }
  state.counters["hits"] = 100 * ours / asked;
  state.counters["hits_of_lru"] = 100 * theirs / asked;
}
BENCHMARK(hit_rate)
    ->ArgNames({"entries", "flood"})
    ->Args({1'000, 0})
    ->Args({10'000, 0})
    ->Args({50'000, 0})
    ->Args({10'000, 1})
    ->Args({10'000, 5})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// A resolver whose cache holds three tags, used as a request does. The coroutine resolves many times, so that the cost
// of starting one is not counted; the copy of the queries is.
awaitable<void> ask_often(resolve::tag_resolver& tags, benchmark::State& state, std::vector<resolve::query> queries) {
  for (auto _ : state) {
    std::vector<resolve::query> these = queries;
    const auto d = deadline::after(machine_clock().now(), std::chrono::seconds(10));
    auto got = co_await tags.resolve(std::move(these), d);
    benchmark::DoNotOptimize(got);
  }
}

void resolve_three_cached(benchmark::State& state) {
  boost::asio::io_context io(1);
  testing::fake_registry_client client;
  resolve::resolver_options options;
  // No entry becomes due while this runs, so that the answer alone is measured.
  options.cache.ttl = std::chrono::hours(24);
  resolve::tag_resolver tags(io.get_executor(), client, machine_clock(), nullptr, options);
  const auto credentials = testing::fake_credentials::make("0123456789abcdef0123456789abcdef");
  std::vector<resolve::query> queries;
  for (const char* ref : {"nginx:1.25", "ghcr.io/acme/api:v2", "registry.example.com:5000/team/service:2026.11"}) {
    const auto parsed = registry::reference::parse(ref).value();
    client.holds(parsed.canonical(), digest_of_digit('a'));
    queries.push_back({parsed, state.range(0) == 0 ? nullptr : credentials, resolve::freshness::cached});
  }
  const auto fill = [&]() -> awaitable<void> {
    auto got = co_await tags.resolve(queries, deadline::never());
    benchmark::DoNotOptimize(got);
  };
  bool is_done = false;
  boost::asio::co_spawn(io, fill(), [&](const std::exception_ptr&) { is_done = true; });
  while (!is_done) io.run_one();
  is_done = false;
  boost::asio::co_spawn(io, ask_often(tags, state, queries), [&](const std::exception_ptr&) { is_done = true; });
  while (!is_done) io.run_one();
  if (client.count() != 3) state.SkipWithError("the registry was asked");
}
BENCHMARK(resolve_three_cached)->Arg(0)->Arg(1)->ArgName("with_credentials");

}  // namespace
