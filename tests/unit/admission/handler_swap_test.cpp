// Rules that change while requests are under way: each is answered by those it began with.
#include "support/fake_credentials.hpp"
#include "support/fake_resolver.hpp"
#include "support/handler_fixture.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/thread_crossing.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::HasSubstr;
using testing::review_of;

// Answers every query with one digest, once it is let go.
class held_resolver final : public resolve::resolver {
 public:
  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline) override {
    asio::any_io_executor home = co_await asio::this_coro::executor;
    thread_crossing crossing(home);
    {
      const std::lock_guard lock(guard_);
      waiting_.push_back(crossing.arrival());
    }
    co_await crossing.wait();
    std::vector<result<resolve::answer>> out;
    for (std::size_t i = 0; i < queries.size(); ++i)
      out.push_back(resolve::answer{digest_of_digit('a'), resolve::origin::registry});
    co_return out;
  }
  [[nodiscard]] std::optional<registry::digest> known(const resolve::query&) const override { return std::nullopt; }

  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(guard_);
    return waiting_.size();
  }
  void let_go() {
    const std::lock_guard lock(guard_);
    for (const auto& one : waiting_) one();
    waiting_.clear();
  }

 private:
  mutable std::mutex guard_;
  std::vector<std::function<void()>> waiting_;
};

std::shared_ptr<const rulebook> book_of(std::string_view rules) {
  const auto list = yaml::parse(rules);
  return std::make_shared<const rulebook>(pin::policy{}, rules::read_rules(*list).value());
}

std::shared_ptr<registry::tenant_credentials> anyone() {
  return std::make_shared<registry::shared_credentials>(testing::fake_credentials::make("operator"));
}

constexpr std::string_view denying = "[{name: first, require: tag, action: deny}]";
constexpr std::string_view tagged = "[{name: second, format: tag-and-digest}]";

TEST(HandlerSwap, ARequestKeepsTheBookItBeganWith) {
  const auto tags = std::make_shared<held_resolver>();
  std::weak_ptr<const rulebook> first;
  handler h(tags, anyone(), [&] {
    auto book = book_of(denying);
    first = book;
    return book;
  }());
  const std::string body = review_of(deployment(container("web", "nginx")));
  asio::io_context io(1);
  std::vector<verdict> verdicts;
  const auto ask = [&] {
    asio::co_spawn(io, h.handle(body, pin::mode::enforce, deadline::never()), [&](std::exception_ptr e, verdict v) {
      EXPECT_FALSE(e);
      verdicts.push_back(std::move(v));
    });
    io.restart();
    io.poll();
  };
  ask();
  ASSERT_EQ(tags->waiting(), 1U);
  h.use(book_of(tagged));
  EXPECT_FALSE(first.expired());
  ask();
  ASSERT_EQ(tags->waiting(), 2U);
  h.use(book_of("[]"));
  tags->let_go();
  io.restart();
  io.run();
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].outcome, outcome::denied);
  EXPECT_THAT(verdicts[0].body, HasSubstr("rule first: container web"));
  ASSERT_EQ(verdicts[1].slots.size(), 1U);
  EXPECT_EQ(verdicts[1].slots[0].to, "nginx:latest@" + testing::sha('a'));
  // A rulebook that answers no request is not held.
  EXPECT_TRUE(first.expired());
}

TEST(HandlerSwap, BooksChangeUnderRequestsOfOtherThreads) {
  const auto tags = std::make_shared<testing::fake_resolver>();
  tags->holds("docker.io/library/nginx:latest", digest_of_digit('a'));
  const auto deny = book_of(denying);
  const auto tag = book_of(tagged);
  handler h(tags, anyone(), deny);
  const std::string body = review_of(deployment(container("web", "nginx")));
  constexpr int requests = 300;
  std::atomic<int> denied = 0, pinned = 0, running = 2;
  const auto ask = [&] {
    for (int i = 0; i < requests; ++i) {
      const verdict v = testing::run(h.handle(body, pin::mode::enforce, deadline::never()));
      if (v.outcome == outcome::denied && v.findings.size() == 1) ++denied;
      if (v.outcome == outcome::pinned && v.findings.empty() && v.slots[0].to.starts_with("nginx:latest@")) ++pinned;
    }
    --running;
  };
  std::thread one(ask), two(ask);
  for (int i = 0; running != 0; ++i) h.use(i % 2 == 0 ? tag : deny);
  one.join();
  two.join();
  // Each is answered by one book or by the other, never by some of both.
  EXPECT_EQ(denied + pinned, 2 * requests);
}

}  // namespace
}  // namespace pinhook::admission
