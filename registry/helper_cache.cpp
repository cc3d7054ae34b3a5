#include <pinhook/registry/helper_cache.hpp>

#include <pinhook/registry/credential_helper.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <utility>
#include <vector>

namespace pinhook::registry {

/// A running helper, and the callers that wait for it. Guarded by the cache's mutex.
struct helper_cache::flight {
  /// One timer per waiter, on its executor; cancelled when the flight has landed.
  std::vector<std::shared_ptr<asio::steady_timer>> bells;
  /// Empty after the landing: the leader gave up, and another caller must ask.
  std::optional<result<answer>> outcome;
};

/// Ends a flight however its coroutine ends.
class helper_cache::landing {
 public:
  landing(helper_cache& cache, std::string key, std::shared_ptr<flight> own)
      : cache_(cache), key_(std::move(key)), own_(std::move(own)) {}
  landing(const landing&) = delete;
  landing& operator=(const landing&) = delete;
  ~landing() {
    const std::lock_guard lock(cache_.mutex_);
    cache_.flights_.erase(key_);
    // Cancelled on the bell's own thread, because there its waiter has begun to wait.
    for (auto& bell : own_->bells) asio::post(bell->get_executor(), [bell] { bell->cancel(); });
  }

 private:
  helper_cache& cache_;
  std::string key_;
  std::shared_ptr<flight> own_;
};

awaitable<result<std::optional<credential>>> helper_cache::ask(helper_call call, deadline d) {
  const std::string key = helper_identity(call);
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    std::shared_ptr<flight> joined;
    std::shared_ptr<flight> own;
    const auto bell = std::make_shared<asio::steady_timer>(executor, d.time());
    {
      const std::lock_guard lock(mutex_);
      if (const auto held = held_.find(key); held != held_.end() && time_.now() < held->second.until)
        co_return held->second.content;
      if (const auto running = flights_.find(key); running != flights_.end()) {
        joined = running->second;
        joined->bells.push_back(bell);
      } else if (flights_.size() >= options_.max_running) {
        co_return fail(error_code::unavailable,
                       fmt::format("{} credential helpers are running already; none was started for {}",
                                   flights_.size(), quoted(call.server)));
      } else {
        own = flights_[key] = std::make_shared<flight>();
      }
    }
    if (own) {
      auto led = co_await run(std::move(call), key, std::move(own), d);
      co_return led;
    }

    boost::system::error_code ignored;
    co_await bell->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    {
      const std::lock_guard lock(mutex_);
      if (const auto& outcome = joined->outcome) co_return *outcome;
    }
    if (d.has_passed(time_.now()))
      co_return fail(error_code::timed_out,
                     fmt::format("the credential helper for {} did not answer in time", quoted(call.server)));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(error_code::canceled, "no longer waiting for a credential helper");
  }
}

awaitable<result<std::optional<credential>>> helper_cache::run(helper_call call, std::string key,
                                                               std::shared_ptr<flight> own, deadline d) {
  const landing ends(*this, key, own);
  auto request = helper_request(call);
  const auto limit = deadline::after(time_.now(), options_.run_for);
  auto output = co_await processes_.run(std::move(request), sooner(d, limit));

  result<answer> got;
  if (output) {
    got = read_helper_answer(call, *output);
  } else {
    error failed = std::move(output.error());
    const bool keeps_code = failed.code == error_code::timed_out || failed.code == error_code::canceled ||
                            failed.code == error_code::malformed;
    // A missing program means nothing about the image.
    if (!keeps_code) failed.code = error_code::unavailable;
    got = fail(std::move(failed).at(fmt::format("credentials for {}", quoted(call.server))));
  }

  const bool gave_up = !got && (got.error().code == error_code::canceled ||
                                (got.error().code == error_code::timed_out && sooner(d, limit) != limit));
  const std::lock_guard lock(mutex_);
  if (got) hold(key, *got);
  if (!gave_up) own->outcome = got;
  co_return got;
}

bool helper_cache::forget(const helper_call& call) {
  const std::lock_guard lock(mutex_);
  return held_.erase(helper_identity(call)) != 0;
}

void helper_cache::hold(const std::string& key, const answer& content) {
  const auto now = time_.now();
  if (held_.size() >= options_.max_held && !held_.contains(key)) {
    std::erase_if(held_, [&](const auto& one) { return one.second.until <= now; });
    if (held_.size() >= options_.max_held) held_.clear();
  }
  held_.insert_or_assign(key, held_answer{content, now + options_.hold_for});
}

}  // namespace pinhook::registry
