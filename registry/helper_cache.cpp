#include <pinhook/registry/helper_cache.hpp>

#include <pinhook/base/counted.hpp>
#include <pinhook/registry/credential_helper.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::registry {

/// The state that a helper still needs when no caller waits for it any more.
struct helper_cache::programs {
  process_runner& processes;
  const clock& time;
  const helper_cache_options options;
  std::size_t running = 0;
};

helper_cache::helper_cache(process_runner& processes, const clock& time, helper_cache_options options)
    : programs_(std::make_shared<programs>(programs{processes, time, options})),
      answers_(
          {}, time,
          {.fetch_limit = options.run_for, .hold_failure = std::chrono::nanoseconds(0), .capacity = options.max_held}) {
}

awaitable<result<std::optional<credential>>> helper_cache::ask(helper_call call, deadline d) {
  std::string key = helper_identity(call);
  answers::fetch fetch = [all = programs_, call](deadline limit) { return run(all, call, limit); };
  auto got = co_await answers_.get(std::move(key), std::move(fetch), d);
  if (!got && got.error().code == error_code::timed_out && d.has_passed(programs_->time.now()))
    co_return fail(error_code::timed_out,
                   fmt::format("the credential helper for {} did not answer in time", quoted(call.server)));
  co_return got;
}

awaitable<result<helper_cache::answers::fetched>> helper_cache::run(std::shared_ptr<programs> all, helper_call call,
                                                                    deadline d) {
  if (all->running >= all->options.max_running)
    co_return fail(error_code::unavailable,
                   fmt::format("{} credential helpers are running already; none was started for {}", all->running,
                               quoted(call.server)));
  const counted one(all->running);
  auto request = helper_request(call);
  auto output = co_await all->processes.run(std::move(request), d);
  if (!output) {
    error failed = std::move(output.error());
    const bool keeps_code = failed.code == error_code::timed_out || failed.code == error_code::canceled ||
                            failed.code == error_code::malformed;
    // A missing program means nothing about the image.
    if (!keeps_code) failed.code = error_code::unavailable;
    co_return fail(std::move(failed).at(fmt::format("credentials for {}", quoted(call.server))));
  }
  auto got = read_helper_answer(call, *output);
  if (!got) co_return fail(std::move(got.error()));
  answers::fetched out{*std::move(got), all->time.now() + all->options.hold_for};
  co_return out;
}

bool helper_cache::forget(const helper_call& call) { return answers_.drop(helper_identity(call)); }

}  // namespace pinhook::registry
