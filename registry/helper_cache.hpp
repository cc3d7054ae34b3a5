// Runs credential helpers, one process for all callers with the same request at a time, and keeps their answers for a
// while. A caller that gives up ends its own wait alone: the helper goes on, for the others and for the next request.
//
// Thread rule: one thread, that of the registry look-ups, which are the only ones that ask. Must outlive its callers.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/docker_config.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace pinhook::registry {

struct helper_cache_options {
  /// The time for which an answer is reused. Longer: fewer processes; shorter: a token that expires soon is not offered
  /// for long. Helpers cache their tokens themselves.
  std::chrono::seconds hold_for{60};
  /// A helper that runs longer is killed. The protocol sets no limit; 30 s is ours.
  std::chrono::seconds run_for{30};
  /// Helpers that run at the same time: a `credsStore` is asked about every registry that any user names.
  std::size_t max_running = 16;
  /// Answers that are held. When the cache is full, the expired ones are dropped, and if none has expired, the oldest.
  std::size_t max_held = 1000;
};

class helper_cache {
 public:
  /// `processes` and `time` must outlive this and the helpers that run.
  helper_cache(process_runner& processes, const clock& time, helper_cache_options options);

  /// No value: the helper has no credentials for the server, and anonymous is tried. Errors, which are not held:
  /// timed_out, canceled, unavailable (it cannot be run, fails, or too many run), malformed (an invalid or too long
  /// answer).
  awaitable<result<std::optional<credential>>> ask(helper_call call, deadline d);

  /// Drops the held answer for the call; false when there is none.
  bool forget(const helper_call& call);

 private:
  using answers = fetch_cache<std::optional<credential>>;
  struct programs;

  static awaitable<result<answers::fetched>> run(std::shared_ptr<programs> all, helper_call call, deadline d);

  std::shared_ptr<programs> programs_;
  answers answers_;
};

}  // namespace pinhook::registry
