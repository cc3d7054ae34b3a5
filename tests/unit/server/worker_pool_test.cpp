#include <pinhook/server/worker_pool.hpp>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <future>
#include <set>
#include <string>
#include <thread>

namespace pinhook::server {
namespace {

template <class F>
auto ask(boost::asio::io_context& io, F f) {
  std::packaged_task<decltype(f())()> task(f);
  auto answer = task.get_future();
  boost::asio::post(io, [&task] { task(); });  // Asio would take the future out of a bare one
  return answer.get();
}

TEST(WorkerPool, EachContextHasAThreadOfItsOwn) {
  worker_pool pool(3, "probe");
  std::set<std::thread::id> ids;
  for (std::size_t i = 0; i < pool.size(); ++i)
    ids.insert(ask(pool.context(i), [] { return std::this_thread::get_id(); }));
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_FALSE(ids.contains(std::this_thread::get_id()));
  EXPECT_EQ(pool.contexts().size(), 3U);
}

TEST(WorkerPool, NamesItsThreads) {
  worker_pool pool(2, "probe");
  const auto name = [] {
    std::array<char, 16> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    return std::string(text.data());
  };
  EXPECT_EQ(ask(pool.context(1), name), "probe-1");
}

TEST(WorkerPool, LeavesSignalsToOthers) {
  worker_pool pool(1);
  EXPECT_TRUE(ask(pool.context(0), [] {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    // SIGPIPE, too: a peer that closes while we write must not end the process.
    return sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGPIPE) == 1;
  }));
  sigset_t here;
  pthread_sigmask(SIG_BLOCK, nullptr, &here);
  EXPECT_EQ(sigismember(&here, SIGTERM), 0);
}

TEST(WorkerPool, StopWaitsForWhatIsQueued) {
  worker_pool pool(1);
  int done = 0;
  for (int i = 0; i < 100; ++i) boost::asio::post(pool.context(0), [&done] { ++done; });
  pool.stop();
  EXPECT_EQ(done, 100);
  pool.stop();
}

}  // namespace
}  // namespace pinhook::server
