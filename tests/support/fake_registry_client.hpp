// A registry client without a registry: answers from a script, records the calls, can hang and can fail.
//
// Set up and read on any thread; `resolve` runs on one.
#pragma once

#include <pinhook/registry/client.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_registry_client final : public registry::client {
 public:
  struct record {
    std::string canonical;
    std::string source;  // of the credential
    std::string identity;
    deadline limit;
    /// The host of the route; empty: as the registry's name says.
    std::string by;
  };

  /// Sets a document of this repository ("ghcr.io/acme/web"). Unknown ones are not_found.
  void holds_document(const std::string& repository, registry::document_name::kind of, const std::string& name,
                      std::string bytes) {
    const std::lock_guard lock(guard_);
    documents_.insert_or_assign(document_key(repository, of, name), registry::document{{}, std::move(bytes)});
  }
  void fails_document(const std::string& repository, registry::document_name::kind of, const std::string& name,
                      error e) {
    const std::lock_guard lock(guard_);
    documents_.insert_or_assign(document_key(repository, of, name), fail(std::move(e)));
  }
  /// Sets the answer for this reference. Unknown ones are not_found.
  void holds(const std::string& canonical, registry::digest d) {
    const std::lock_guard lock(guard_);
    answers_.insert_or_assign(canonical, result<registry::digest>(std::move(d)));
  }
  void fails(const std::string& canonical, error e) {
    const std::lock_guard lock(guard_);
    answers_.insert_or_assign(canonical, result<registry::digest>(fail(std::move(e))));
  }
  /// The next call that asks with this credential source fails so, whatever the reference.
  void refuses_source(const std::string& source, error e) {
    const std::lock_guard lock(guard_);
    by_source_.insert_or_assign(source, std::move(e));
  }
  /// The next calls fail in this order, whatever they ask; then the script goes on.
  void fails_next(error e) {
    const std::lock_guard lock(guard_);
    next_.push_back(std::move(e));
  }
  /// The next call throws.
  void throws_next() {
    const std::lock_guard lock(guard_);
    throws_ = true;
  }
  /// Calls hang from now on, until `release` or cancellation.
  void hang() {
    const std::lock_guard lock(guard_);
    hangs_ = true;
  }
  /// The timer of `answers`: it calls the function after that time. Set once.
  void in_time(std::function<void(std::chrono::nanoseconds, std::function<void()>)> later) {
    later_ = std::move(later);
  }
  /// Calls for this repository answer after so long, whatever else hangs.
  void answers(const std::string& registry, const std::string& repository, std::chrono::nanoseconds after) {
    const std::lock_guard lock(guard_);
    latencies_.insert_or_assign(registry + "/" + repository, after);
  }
  /// The hanging calls go on; `keep_hanging`: later ones still hang.
  void release(bool keep_hanging = false) {
    const std::lock_guard lock(guard_);
    hangs_ = keep_hanging;
    for (held* h : held_) {
      h->is_released = true;
      boost::asio::post(h->event.get_executor(), [this, h] {
        const std::lock_guard still(guard_);
        if (held_.contains(h)) h->event.cancel();
      });
    }
  }

  /// Sets this host's answer to every request by a route.
  void route_says(const std::string& host, result<registry::digest> answer) {
    const std::lock_guard lock(guard_);
    by_route_.insert_or_assign(host, std::move(answer));
  }
  /// Calls by this route hang until their deadline; the test moves the clock by `let_pass`.
  void route_hangs(const std::string& host, std::function<void(deadline)> let_pass) {
    const std::lock_guard lock(guard_);
    slow_routes_.insert_or_assign(host, std::move(let_pass));
  }

  awaitable<result<registry::descriptor>> resolve_by(std::shared_ptr<const registry::route> by, registry::reference ref,
                                                     registry::credential credential, deadline d) override {
    const std::string host = by ? by->host : std::string();
    const std::string subject = ref.canonical();
    auto entered = co_await enter(ref, subject, credential, d, host);
    if (!entered) co_return fail(std::move(entered.error()));
    co_return finish(ref, credential, host);
  }

  /// A call's `canonical` is then "ghcr.io/acme/web manifest sha256-…".
  awaitable<result<registry::document>> read_by(std::shared_ptr<const registry::route> by, registry::reference ref,
                                                registry::document_name name, registry::credential credential,
                                                deadline d) override {
    const std::string host = by ? by->host : std::string();
    const std::string subject = document_key(ref.registry() + "/" + ref.repository(), name.of, name.name);
    auto entered = co_await enter(ref, subject, credential, d, host);
    if (!entered) co_return fail(std::move(entered.error()));
    co_return document_at(subject, credential, host);
  }

  [[nodiscard]] std::vector<record> calls() const {
    const std::lock_guard lock(guard_);
    return calls_;
  }
  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(guard_);
    return calls_.size();
  }
  [[nodiscard]] std::size_t hanging() const {
    const std::lock_guard lock(guard_);
    return held_.size();
  }
  /// The most calls that hung at the same time.
  [[nodiscard]] std::size_t most_at_once() const {
    const std::lock_guard lock(guard_);
    return most_;
  }

 private:
  static constexpr std::chrono::nanoseconds for_ever = std::chrono::nanoseconds::max();
  struct held {
    boost::asio::steady_timer event;
    bool is_released = false;
    std::uint64_t number = 0;
  };
  void release_later(held& which, std::chrono::nanoseconds after) {
    const std::uint64_t number = which.number = ++last_;
    later_(after, [this, h = &which, number] {
      const std::lock_guard lock(guard_);
      if (!held_.contains(h) || h->number != number) return;
      h->is_released = true;
      h->event.cancel();
    });
  }
  struct stay {
    stay(fake_registry_client& c, const boost::asio::any_io_executor& home)
        : client(c), self{boost::asio::steady_timer(home, boost::asio::steady_timer::time_point::max())} {
      const std::lock_guard lock(client.guard_);
      client.held_.insert(&self);
      client.most_ = std::max(client.most_, client.held_.size());
    }
    ~stay() {
      const std::lock_guard lock(client.guard_);
      client.held_.erase(&self);
    }
    [[nodiscard]] bool is_released() const {
      const std::lock_guard lock(client.guard_);
      return self.is_released;
    }
    fake_registry_client& client;
    held self;
  };

  static std::string document_key(const std::string& repository, registry::document_name::kind of,
                                  const std::string& name) {
    constexpr std::array<std::string_view, 4> kinds{"manifest", "blob", "referrers", "trust file"};
    return repository + " " + std::string(kinds.at(static_cast<std::size_t>(of))) + " " + name;
  }

  // Waits for as long as the call takes.
  awaitable<result<void>> enter(const registry::reference& ref, const std::string& subject,
                                const registry::credential& credential, deadline d, const std::string& host) {
    auto home = co_await boost::asio::this_coro::executor;
    if (const auto delay = begin(ref, subject, credential, d, host)) {
      stay here(*this, home);
      if (*delay != for_ever) release_later(here.self, *delay);
      // The wait ends by `release` or by cancellation; the timer itself never expires.
      if (!here.is_released()) co_await here.self.event.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      if (!here.is_released()) co_return fail(error_code::canceled, "the call was canceled");
    }
    if (const auto let_pass = slow_route(host)) {
      let_pass(d);
      co_return fail(error_code::timed_out, host + " did not answer in time");
    }
    co_return result<void>();
  }

  result<registry::document> document_at(const std::string& subject, const registry::credential& credential,
                                         const std::string& by) {
    const std::lock_guard lock(guard_);
    if (const auto scripted = by_route_.find(by); scripted != by_route_.end() && !scripted->second)
      return fail(scripted->second.error());
    if (!next_.empty()) {
      error e = std::move(next_.front());
      next_.pop_front();
      return fail(std::move(e));
    }
    if (const auto refused = by_source_.find(credential.source); refused != by_source_.end())
      return fail(refused->second);
    const auto found = documents_.find(subject);
    if (found == documents_.end()) return fail(error_code::not_found, "no such document: " + subject);
    return found->second;
  }

  // The time that the call takes, if any.
  std::optional<std::chrono::nanoseconds> begin(const registry::reference& ref, const std::string& subject,
                                                const registry::credential& credential, deadline d,
                                                const std::string& by) {
    const std::lock_guard lock(guard_);
    calls_.push_back({subject, credential.source, credential.identity, d, by});
    if (std::exchange(throws_, false)) throw std::runtime_error("the fake client throws");
    const auto slow = latencies_.find(ref.registry() + "/" + ref.repository());
    if (slow != latencies_.end()) return slow->second;
    return hangs_ ? std::optional(for_ever) : std::nullopt;
  }

  std::function<void(deadline)> slow_route(const std::string& host) {
    const std::lock_guard lock(guard_);
    const auto found = slow_routes_.find(host);
    return found == slow_routes_.end() ? nullptr : found->second;
  }

  result<registry::descriptor> finish(const registry::reference& ref, const registry::credential& credential,
                                      const std::string& by) {
    const std::lock_guard lock(guard_);
    if (const auto scripted = by_route_.find(by); scripted != by_route_.end()) {
      if (!scripted->second) return fail(scripted->second.error());
      return registry::descriptor{*scripted->second, "application/vnd.oci.image.index.v1+json"};
    }
    if (!next_.empty()) {
      error e = std::move(next_.front());
      next_.pop_front();
      return fail(std::move(e));
    }
    if (const auto refused = by_source_.find(credential.source); refused != by_source_.end())
      return fail(refused->second);
    const auto found = answers_.find(ref.canonical());
    if (found == answers_.end()) return fail(error_code::not_found, "no such tag: " + ref.canonical());
    if (!found->second) return fail(found->second.error());
    return registry::descriptor{*found->second, "application/vnd.oci.image.index.v1+json"};
  }

  mutable std::mutex guard_;
  std::map<std::string, result<registry::digest>> answers_;
  std::map<std::string, result<registry::document>> documents_;
  std::map<std::string, error> by_source_;
  std::map<std::string, result<registry::digest>> by_route_;
  std::map<std::string, std::function<void(deadline)>> slow_routes_;
  std::function<void(std::chrono::nanoseconds, std::function<void()>)> later_;
  std::map<std::string, std::chrono::nanoseconds> latencies_;
  std::uint64_t last_ = 0;
  std::deque<error> next_;
  std::set<held*> held_;
  std::vector<record> calls_;
  std::size_t most_ = 0;
  bool hangs_ = false;
  bool throws_ = false;
};

}  // namespace pinhook::testing
