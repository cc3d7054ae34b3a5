// Shared by the resolver's tests: a resolver on a time machine, with a scripted registry.
#pragma once

#include "support/fake_alarm.hpp"
#include "support/fake_credentials.hpp"
#include "support/fake_registry_client.hpp"
#include "support/fake_resolver.hpp"
#include "support/settle_reads.hpp"

#include <pinhook/resolve/tag_resolver.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// Counts, and lets a thread wait for a count.
class counting_observer final : public resolve::observer {
 public:
  void cache_met(resolve::cache_event event) override { add(std::string(resolve::to_string(event))); }
  void lookup_started(bool is_ahead) override { add(is_ahead ? "started ahead" : "started"); }
  void lookup_joined() override { add("joined"); }
  void lookup_ended(bool, std::optional<error_code> failure) override {
    add(failure ? "failed " + std::string(to_string(*failure)) : "found");
  }
  void levels(std::size_t, std::size_t lookups) override {
    const std::lock_guard lock(guard_);
    lookups_ = lookups;
  }
  void trouble_changed(std::string_view registry, resolve::part which, int change) override {
    const std::lock_guard lock(guard_);
    troubles_[std::string(registry) + " " + std::string(to_string(which))] += change;
  }
  void lookup_gave_way() override { add("gave way"); }

  int count(const std::string& event) const {
    const std::lock_guard lock(guard_);
    const auto found = counts_.find(event);
    return found == counts_.end() ? 0 : found->second;
  }
  void wait_for(const std::string& event, int number) {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [&] { return counts_[event] >= number; });
  }
  /// "ghcr.io repository": the number of those in trouble.
  int trouble(const std::string& which) const {
    const std::lock_guard lock(guard_);
    const auto found = troubles_.find(which);
    return found == troubles_.end() ? 0 : found->second;
  }
  std::size_t lookups() const {
    const std::lock_guard lock(guard_);
    return lookups_;
  }

 private:
  void add(const std::string& event) {
    const std::lock_guard lock(guard_);
    ++counts_[event];
    changed_.notify_all();
  }
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
  std::map<std::string, int> troubles_;
  std::size_t lookups_ = 0;
};

inline resolve::query query_of(const std::string& ref,
                               std::shared_ptr<registry::credential_source> credentials = nullptr,
                               resolve::freshness want = resolve::freshness::cached) {
  return {registry::reference::parse(ref).value(), std::move(credentials), want};
}

/// One request on its way.
struct pending_request {
  std::optional<std::vector<result<resolve::answer>>> answers;
  boost::asio::cancellation_signal cancel;
  [[nodiscard]] bool is_done() const { return answers.has_value(); }
  [[nodiscard]] const result<resolve::answer>& only() const { return answers.value().at(0); }
};

/// Everything on one thread. Every test ends by stopping the resolver, which must leave no look-up behind.
struct resolver_world : ::testing::Test {
  time_machine time;
  fake_registry_client client;
  counting_observer watch;
  resolve::resolver_options options;
  std::shared_ptr<resolve::tag_resolver> tags;

  resolver_world() {
    options.jitter_seed = 1;
    client.in_time(
        [this](std::chrono::nanoseconds after, std::function<void()> action) { time.later(after, std::move(action)); });
    open();
  }
  /// Again, after a change of `options`.
  void open() {
    tags = std::make_shared<resolve::tag_resolver>(time.io.get_executor(), client, time.clock, &watch, options,
                                                   time.make_alarm());
  }
  void TearDown() override {
    bool is_stopped = false;
    boost::asio::co_spawn(time.io, tags->stop(), [&](const std::exception_ptr&) { is_stopped = true; });
    time.settle();
    EXPECT_TRUE(is_stopped) << "a look-up was left behind";
    EXPECT_EQ(client.hanging(), 0U);
    EXPECT_FALSE(time.is_armed());
  }

  /// With the reads of files that other threads do.
  void settle() { settle_reads(time.io); }

  static awaitable<void> keep(std::shared_ptr<resolve::tag_resolver> r, std::vector<resolve::query> queries, deadline d,
                              std::shared_ptr<pending_request> p) {
    auto got = co_await r->resolve(std::move(queries), d);
    p->answers = std::move(got);
  }
  std::shared_ptr<pending_request> start(std::vector<resolve::query> queries, std::chrono::nanoseconds within) {
    auto p = std::make_shared<pending_request>();
    boost::asio::co_spawn(time.io, keep(tags, std::move(queries), deadline::after(time.clock.now(), within), p),
                          boost::asio::bind_cancellation_slot(p->cancel.slot(), [p](const std::exception_ptr&) {}));
    settle();
    return p;
  }
  std::shared_ptr<pending_request> start(resolve::query q, std::chrono::nanoseconds within = std::chrono::seconds(10)) {
    std::vector<resolve::query> one;
    one.push_back(std::move(q));
    return start(std::move(one), within);
  }
  /// A request that is answered without the passing of time.
  result<resolve::answer> ask(resolve::query q) {
    const auto p = start(std::move(q));
    EXPECT_TRUE(p->is_done()) << "the request waits";
    if (!p->is_done()) return fail(error_code::internal, "the request waits");
    return p->only();
  }
  result<resolve::answer> ask(const std::string& ref) { return ask(query_of(ref)); }
  /// One that has no time to wait for the end of a rest.
  result<resolve::answer> ask_in_haste(resolve::query q) {
    const auto p = start(std::move(q), std::chrono::milliseconds(300));
    EXPECT_TRUE(p->is_done()) << "the request waits";
    if (!p->is_done()) return fail(error_code::internal, "the request waits");
    return p->only();
  }
  result<resolve::answer> ask_in_haste(const std::string& ref) { return ask_in_haste(query_of(ref)); }
};

}  // namespace pinhook::testing
