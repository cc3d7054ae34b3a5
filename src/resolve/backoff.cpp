#include <pinhook/resolve/backoff.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::resolve {
namespace {

constexpr std::chrono::seconds least_rest{1};

std::chrono::nanoseconds scaled(std::chrono::nanoseconds span, double factor) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(span.count()) * factor));
}

std::chrono::nanoseconds first_rest(const error& failure, const backoff_options& options) {
  return failure.code == error_code::rate_limited ? options.rate_limited_first : options.first;
}

}  // namespace

bool is_host_trouble(error_code code) noexcept {
  return code == error_code::rate_limited || code == error_code::unavailable || code == error_code::timed_out;
}

bool backoff::counts(const error& failure, const backoff_options& options) {
  return failure.retry_after || first_rest(failure, options).count() != 0;
}

backoff::state backoff::at(steady_time now) const {
  if (failures_ == 0) return state::clear;
  return now < until_ ? state::resting : early_at(now);
}

backoff::state backoff::early_at(steady_time now) const {
  if (failures_ == 0) return state::clear;
  return now < probe_until_ ? state::probing : state::half_open;
}

backoff::ticket backoff::start(steady_time now) {
  ticket t{++issued_, failures_ != 0};
  if (t.is_probe) {
    probe_ = t.number;
    probe_until_ = now + options_.probe_limit;
  }
  return t;
}

bool backoff::succeeded(ticket t) {
  if (t.number <= settled_) return false;
  failures_ = 0;
  probe_until_ = {};
  last_failure_ = {};
  return true;
}

void backoff::failed(ticket t, const error& failure, steady_time now, double jitter) {
  if (!counts(failure, options_)) {
    succeeded(t);
    return;
  }
  if (t.number <= settled_) {
    if (failure.retry_after && failures_ != 0) until_ = std::max(until_, now + rest_after(failure, jitter));
    return;
  }
  // The exponent is bounded; the rests reach their limit long before.
  failures_ = std::min(failures_ + 1, 30);
  probe_until_ = {};
  settled_ = issued_;
  last_failure_ = failure;
  until_ = now + rest_after(failure, jitter);
}

void backoff::abandoned(ticket t) {
  if (t.is_probe && t.number == probe_) probe_until_ = {};
}

std::chrono::nanoseconds backoff::rest_after(const error& failure, double jitter) const {
  const bool is_limited = failure.code == error_code::rate_limited;
  const auto first = first_rest(failure, options_);
  const auto most = is_limited ? options_.rate_limited_most : options_.most;
  auto rest = first;
  for (int i = 1; i < failures_ && rest < most; ++i) rest *= 2;
  rest = std::min(scaled(rest, 0.8 + 0.4 * jitter), most);
  if (!failure.retry_after) return rest;
  // A registry that names a time is asked then, even when our own estimate is longer, but never at once. The value is
  // clamped before it becomes a number of nanoseconds, which a huge one would overflow.
  const auto delay = std::clamp<std::chrono::seconds>(*failure.retry_after, least_rest, std::chrono::hours(24));
  const auto spread = scaled(delay, 1.0 + 0.1 * jitter);
  rest = is_limited ? spread : std::max(rest, spread);
  return std::clamp<std::chrono::nanoseconds>(rest, least_rest, options_.rate_limited_most);
}

}  // namespace pinhook::resolve
