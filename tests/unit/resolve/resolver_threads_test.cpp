// Several threads serve, one asks: the resolver as the process runs it, in real time but never waiting for it.
#include "resolver_world.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using testing::fake_credentials;
using testing::query_of;

// An io_context and the one thread that serves it.
struct serving_thread {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread{[this] { io.run(); }};
  void join() {
    work.reset();
    if (thread.joinable()) thread.join();
  }
  ~serving_thread() { join(); }
};

struct ResolverThreads : ::testing::Test {
  testing::fake_registry_client client;
  testing::counting_observer watch;
  resolver_options options;
  serving_thread lookups;
  std::shared_ptr<tag_resolver> tags;

  void open() {
    tags = std::make_shared<tag_resolver>(lookups.io.get_executor(), client, machine_clock(), &watch, options);
  }
  void TearDown() override {
    boost::asio::io_context io(1);
    bool is_stopped = false;
    boost::asio::co_spawn(io, tags->stop(), [&](const std::exception_ptr&) { is_stopped = true; });
    io.run();
    EXPECT_TRUE(is_stopped);
    EXPECT_EQ(client.hanging(), 0U);
    lookups.join();
  }
};

awaitable<void> ask_one(std::shared_ptr<tag_resolver> tags, query q, std::atomic<int>& good) {
  const auto home = std::this_thread::get_id();
  std::vector<query> one;
  one.push_back(std::move(q));
  const auto got = co_await tags->resolve(std::move(one), deadline::after(machine_clock().now(), 5min));
  EXPECT_EQ(std::this_thread::get_id(), home) << "results return on the caller's executor";
  if (got.at(0) && got.at(0)->digest == digest_of_digit('a')) ++good;
}

TEST_F(ResolverThreads, ATagIsAskedOnceHoweverManyThreadsServe) {
  open();
  client.holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  client.hang();
  std::atomic<int> good{0};
  constexpr int each = 25;
  {
    std::deque<serving_thread> serving(4);
    for (auto& s : serving) {
      for (int i = 0; i < each; ++i) {
        boost::asio::co_spawn(s.io, ask_one(tags, query_of("nginx:1.25"), good),
                              [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
      }
    }
    watch.wait_for("joined", 4 * each - 1);
    EXPECT_EQ(client.count(), 1U);
    client.release();
  }
  EXPECT_EQ(good, 4 * each);
  EXPECT_EQ(client.count(), 1U);
}

awaitable<void> use(std::shared_ptr<tag_resolver> tags, int tenant, int rounds, std::atomic<int>& foreign,
                    std::atomic<int>& answered) {
  const auto credentials = fake_credentials::make(fmt::format("tenant {}", tenant));
  const auto own = digest_of_digit(static_cast<char>('a' + tenant));
  for (int i = 0; i < rounds; ++i) {
    std::vector<query> queries;
    for (int k = 0; k < 3; ++k) {
      // Each tenant has its own tags, and some that every tenant uses anonymously.
      const int n = (i * 3 + k) * 7 % 200;
      const bool is_common = n % 4 == 0;
      const auto want = n % 31 == 0 ? freshness::refreshed : freshness::cached;
      const auto name =
          is_common ? fmt::format("common.example/x:{}", n) : fmt::format("r{}.example/t{}:{}", n % 3, tenant, n);
      queries.push_back(query_of(name, is_common ? nullptr : credentials, want));
      static_cast<void>(tags->known(queries.back()));
    }
    const auto names = queries;
    const auto got = co_await tags->resolve(std::move(queries), deadline::after(machine_clock().now(), 5min));
    for (std::size_t k = 0; k < got.size(); ++k) {
      ++answered;
      if (names[k].credentials && got[k] && got[k]->digest != own) ++foreign;
    }
  }
}

// Short times, so that entries expire, are refreshed and evicted while all this goes on.
TEST_F(ResolverThreads, ManyTagsTenantsAndThreads) {
  options.cache.capacity = 300;
  options.cache.ttl = 5ms;
  options.cache.negative_ttl = 1ms;
  open();
  for (int tenant = 0; tenant < 4; ++tenant) {
    for (int n = 0; n < 200; ++n) {
      if (n % 5 != 0)
        client.holds(fmt::format("r{}.example/t{}:{}", n % 3, tenant, n),
                     digest_of_digit(static_cast<char>('a' + tenant)));
    }
  }
  for (int n = 0; n < 200; n += 8) client.holds(fmt::format("common.example/x:{}", n), digest_of_digit('f'));
  std::atomic<int> foreign{0};
  std::atomic<int> answered{0};
  {
    std::deque<serving_thread> serving(4);
    int tenant = 0;
    for (auto& s : serving) {
      for (int n = 0; n < 2; ++n)
        boost::asio::co_spawn(s.io, use(tags, tenant, 150, foreign, answered),
                              [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
      ++tenant;
    }
  }
  EXPECT_EQ(foreign, 0);
  EXPECT_EQ(answered, 4 * 2 * 150 * 3);
  EXPECT_LE(tags->cache_entries(), 300U);
  EXPECT_GT(watch.count("fresh"), 0);
}

TEST_F(ResolverThreads, CallersThatGoAwayWhileAnswersComeBack) {
  open();
  client.hang();
  for (int round = 0; round < 50; ++round) {
    serving_thread serving;
    boost::asio::cancellation_signal cancel;
    std::atomic<int> good{0};
    boost::asio::co_spawn(serving.io, ask_one(tags, query_of(fmt::format("r.example/x:{}", round)), good),
                          boost::asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
    watch.wait_for("started", round + 1);
    client.release(true);
    boost::asio::post(serving.io, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
    serving.join();
  }
  client.release();
}

TEST_F(ResolverThreads, StopWhileEveryoneWaits) {
  open();
  client.hang();
  std::atomic<int> good{0};
  std::deque<serving_thread> serving(3);
  for (auto& s : serving) {
    for (int i = 0; i < 30; ++i)
      boost::asio::co_spawn(s.io, ask_one(tags, query_of(fmt::format("r.example/x:{}", i)), good),
                            [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
  }
  watch.wait_for("started", 10);
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, tags->stop(), [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
  io.run();
  serving.clear();
  EXPECT_EQ(good, 0);
  EXPECT_EQ(client.hanging(), 0U);
}

}  // namespace
}  // namespace pinhook::resolve
