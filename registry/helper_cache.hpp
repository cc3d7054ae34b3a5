// Runs credential helpers, one process for all callers with the same request at a time, and keeps their answers for a
// while.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/docker_config.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace pinhook::registry {

struct helper_cache_options {
  /// The time for which an answer is reused. Longer: fewer processes; shorter: a token that expires soon is not offered
  /// for long. Helpers cache their tokens themselves.
  std::chrono::seconds hold_for{60};
  /// A helper that runs longer is killed (registry.md §4.1).
  std::chrono::seconds run_for{30};
  /// Helpers that run at the same time: a `credsStore` is asked about every registry that any user names.
  std::size_t max_running = 16;
  /// Answers that are held. When the cache is full, the expired ones are dropped, and if none has expired, all.
  std::size_t max_held = 1000;
};

/// Any thread; must outlive its coroutines.
class helper_cache {
 public:
  /// `processes` and `time` must outlive this.
  helper_cache(process_runner& processes, const clock& time, helper_cache_options options)
      : processes_(processes), time_(time), options_(options) {}
  helper_cache(const helper_cache&) = delete;
  helper_cache& operator=(const helper_cache&) = delete;

  /// No value: the helper has no credentials for the server, and anonymous is tried. Errors: timed_out, canceled,
  /// unavailable (it cannot be run, fails, or too many run), malformed (an invalid or too long answer).
  awaitable<result<std::optional<credential>>> ask(helper_call call, deadline d);

  /// Drops the held answer for the call; false when there is none.
  bool forget(const helper_call& call);

 private:
  using answer = std::optional<credential>;
  struct flight;
  class landing;
  struct held_answer {
    answer content;
    steady_time until;
  };

  awaitable<result<answer>> run(helper_call call, std::string key, std::shared_ptr<flight> own, deadline d);
  void hold(const std::string& key, const answer& content);  // with the mutex held

  process_runner& processes_;
  const clock& time_;
  const helper_cache_options options_;

  std::mutex mutex_;  // guards the members below; never held while waiting
  std::map<std::string, held_answer> held_;
  std::map<std::string, std::shared_ptr<flight>> flights_;
};

}  // namespace pinhook::registry
