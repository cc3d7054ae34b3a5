// The resolver of the process: one cache and one set of look-ups, however many threads serve.
//
//   tag_resolver tags(lookup_io.get_executor(), *client, machine_clock(), &metrics, options);
//   auto answers = co_await tags.resolve(std::move(queries), d);     // on any thread
//   …
//   co_await tags.stop();                                            // before the look-up thread ends
//
// A request whose answers are all cached is answered on its own thread, without a suspension unless it has dozens of
// images: in between, the other requests of that thread run. Otherwise the missing ones go to the look-up thread in one
// hop, and the results come back on the caller's executor.
//
// Entries in use are refreshed when about 0.75 of their time has passed, so a client that asks more often than once per
// `ttl` never waits; unused ones expire. A `refreshed` query is answered by a request that is sent after it was made,
// never from the cache and never with a stale digest: an old answer would look like the new one.
#pragma once

#include <pinhook/resolve/digest_cache.hpp>
#include <pinhook/resolve/lookup_scheduler.hpp>
#include <pinhook/resolve/observer.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::resolve {

class tag_resolver final : public resolver {
 public:
  /// `lookup_executor`: of the io_context, served by one thread, that `client` and the credential sources run on.
  /// `client`, `time` and `watch` (may be null) must outlive the resolver and every look-up: call `stop` first. Until
  /// then a timer keeps the io_context from running out of work. `bell` is for tests; null is real time.
  tag_resolver(boost::asio::any_io_executor lookup_executor, registry::client& client, const clock& time,
               observer* watch, resolver_options options = {}, std::unique_ptr<alarm> bell = nullptr);

  /// Completes on the caller's executor, which must be served by one thread.
  awaitable<std::vector<result<answer>>> resolve(std::vector<query> queries, deadline d) override;
  [[nodiscard]] std::optional<registry::digest> known(const query& q) const override;
  [[nodiscard]] bool is_held(const query& q) const override;
  void keep(const query& q, const registry::digest& d, const vouch& v) override;

  /// Cancels the look-ups, gives those who wait their outcome (canceled, or a stale digest) and returns when every
  /// look-up has ended. From then on only the cache answers. From any thread; the look-up thread must be running.
  awaitable<void> stop();

  [[nodiscard]] std::size_t cache_entries() const { return cache_->size(); }

 private:
  [[nodiscard]] std::optional<result<answer>> from_cache(const query& q, const std::string& identity, steady_time now);
  void count(cache_event event) const {
    if (watch_ != nullptr) watch_->cache_met(event);
  }

  boost::asio::any_io_executor on_;
  const clock& time_;
  observer* watch_;
  std::shared_ptr<digest_cache> cache_;
  std::shared_ptr<pull_notes> pulls_;
  std::shared_ptr<lookup_scheduler> scheduler_;
};

}  // namespace pinhook::resolve
