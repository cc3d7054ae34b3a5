// Many look-ups for one command: each distinct reference once, a limited number at a time for each registry, with
// retries after failures of the registry, and with an end for each.
//
//   lookup_queue queue({io.get_executor(), resolver, credentials, machine_clock()}, options);
//   auto answers = co_await queue.find(std::move(references), {});
//
// Thread rule: one thread, that of the resolver's look-ups.
#pragma once

#include <pinhook/access/told_count.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
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
#include <string_view>
#include <vector>

namespace pinhook::access {

/// Tries and times of a command's look-ups.
struct lookup_options {
  /// References of one registry that are looked up at the same time.
  std::size_t at_once = 512;
  /// The time of one try; a try that takes longer has failed. It is repeated only where the registry answered meanwhile
  /// (tries_timed_out).
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// A registry that gave no answer for as many limits is given up: the remaining references fail with its last error.
  /// So no command hangs: with a limit of 30 s it ends 90 s after the last good answer at the latest.
  int limits_without_answer = 2;
  /// Tries after `unavailable` (no connection, 5xx), the first included. Each includes quick retries of its own
  /// (http::retry_options).
  int tries_unavailable = 2;
  /// Tries of a look-up that ran out of time between its requests, the first included: a registry that is slow gives
  /// its challenge and its token in the first, and the manifest in the second.
  int tries_timed_out = 2;
  /// Tries after `rate_limited`, the first included.
  int tries_rate_limited = 5;
  /// The wait before the second try is between half of this and this; it doubles with each. A registry's
  /// Retry-After replaces it.
  std::chrono::nanoseconds first_wait = std::chrono::seconds(1);
  /// A registry with a longer Retry-After has failed, since a person waits.
  std::chrono::nanoseconds most_wait = std::chrono::seconds(30);
  /// How often progress is told although no reference is done since, so that a slow registry is not silence; 0: never.
  std::chrono::nanoseconds tell_every{0};
};

/// The wait before try `made + 1`; nothing: `last` is the result. `random` in [0, 1). Pure.
[[nodiscard]] std::optional<std::chrono::nanoseconds> next_lookup(int made, const error& last, double random,
                                                                  const lookup_options& options);

class lookup_queue {
 public:
  /// Called with the number of references that are done and their total: at the start, when one is done, and each
  /// tell_every.
  using progress = told_count::listener;

  /// All must outlive the queue. `credentials` may be null: anonymous.
  struct tools {
    asio::io_context::executor_type on;
    resolve::resolver& tags;
    std::shared_ptr<registry::credential_source> credentials;
    const clock& time;
    /// Whether the registry answered anything after that moment; null: not known.
    std::function<bool(std::string_view registry, steady_time since)> has_answered{};
  };

  lookup_queue(tools with, lookup_options options, wait_seams seams = {});

  /// One result a reference, in their order. Errors as registry::client::resolve.
  awaitable<std::vector<result<registry::digest>>> find(std::vector<registry::reference> refs, progress on_progress);

 private:
  struct job;
  struct line;
  struct run;

  awaitable<void> work(run& all, line& at);
  awaitable<result<registry::digest>> look_up(line& at, registry::reference ref);

  tools with_;
  lookup_options options_;
  wait_seams seams_;
};

}  // namespace pinhook::access
