// Many look-ups for one command: each distinct reference once, of every registry some at a time, again after a bad
// moment of the registry, and none for ever.
//
//   lookup_queue queue({io.get_executor(), resolver, credentials, machine_clock()}, rules);
//   auto answers = co_await queue.find(std::move(references), {});
//
// Thread rule: one thread, that of the resolver's look-ups.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/resolver.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace pinhook::access {

/// How patient a command is with registries.
struct lookup_rules {
  /// References of one registry that are asked for at the same time.
  std::size_t at_once = 512;
  /// What one try may take; what takes longer has failed and is not tried again.
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// A registry that answered nothing for as many limits is given up: what was not asked by then fails with its last
  /// error. So nothing hangs: with a limit of 30 s all is over 90 s after the last good answer.
  int limits_without_answer = 2;
  /// Tries after `unavailable` (no connection, 5xx), the first included. Each has quick retries of its own within it
  /// (http::retry_options).
  int tries_unavailable = 2;
  /// Tries after `rate_limited`, the first included.
  int tries_rate_limited = 5;
  /// The wait before the second try is between half of this and this; it doubles with each. A registry's own
  /// Retry-After counts in its place.
  std::chrono::nanoseconds first_wait = std::chrono::seconds(1);
  /// A registry that wants to be left alone for longer has failed: a person waits.
  std::chrono::nanoseconds most_wait = std::chrono::seconds(30);
};

/// How long to wait before try `made + 1`; nothing: `why` is the answer. `random` in [0, 1). Pure.
[[nodiscard]] std::optional<std::chrono::nanoseconds> next_lookup(int made, const error& why, double random,
                                                                  const lookup_rules& rules);

class lookup_queue {
 public:
  /// What tests replace.
  struct seams {
    /// Default: a timer on the coroutine's executor.
    std::function<awaitable<void>(std::chrono::nanoseconds)> sleep;
    /// In [0, 1).
    std::function<double()> random;
  };
  /// How many of how many are known by now.
  using progress = std::function<void(std::size_t done, std::size_t total)>;

  /// All must outlive the queue. `credentials` may be null: anonymous.
  struct tools {
    asio::io_context::executor_type on;
    resolve::resolver& tags;
    std::shared_ptr<registry::credential_source> credentials;
    const clock& time;
  };

  lookup_queue(tools with, lookup_rules rules, seams replaced = {});

  /// One result a reference, in their order. Errors as registry::client::resolve.
  awaitable<std::vector<result<registry::digest>>> find(std::vector<registry::reference> refs, progress tell);

 private:
  struct job;
  struct line;
  struct run;

  awaitable<void> work(run& all, line& at);
  awaitable<result<registry::digest>> look_up(line& at, registry::reference ref);

  tools with_;
  lookup_rules rules_;
  seams seams_;
};

}  // namespace pinhook::access
