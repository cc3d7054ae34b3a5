#include <pinhook/resolve/host_backoff.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pinhook::resolve {
namespace {

constexpr std::chrono::seconds least_rest{1};

std::chrono::nanoseconds scaled(std::chrono::nanoseconds span, double factor) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(span.count()) * factor));
}

}  // namespace

bool is_host_trouble(error_code code) noexcept {
  return code == error_code::rate_limited || code == error_code::unavailable || code == error_code::timed_out;
}

host_backoff::state host_backoff::at(steady_time now) const {
  if (failures_ == 0) return state::clear;
  if (now < until_) return state::resting;
  return probing_ ? state::probing : state::half_open;
}

host_backoff::ticket host_backoff::start(steady_time now) {
  ticket t{++issued_, at(now) == state::half_open};
  if (t.is_probe) probing_ = true;
  return t;
}

void host_backoff::succeeded(ticket t) {
  if (t.number <= settled_) return;
  failures_ = 0;
  probing_ = false;
  why_ = {};
}

void host_backoff::failed(ticket t, const error& why, steady_time now, double jitter) {
  const auto first = why.code == error_code::rate_limited ? options_.rate_limited_first : options_.first;
  if (first.count() == 0 && !why.retry_after) return succeeded(t);
  if (t.number <= settled_) {
    if (why.retry_after && failures_ != 0) until_ = std::max(until_, now + rest_after(why, jitter));
    return;
  }
  // The exponent is bounded: the rests are, long before.
  failures_ = std::min(failures_ + 1, 30);
  probing_ = false;
  settled_ = issued_;
  why_ = why;
  until_ = now + rest_after(why, jitter);
}

void host_backoff::abandoned(ticket t) {
  if (t.is_probe && t.number > settled_) probing_ = false;
}

std::chrono::nanoseconds host_backoff::rest_after(const error& why, double jitter) const {
  const bool is_limited = why.code == error_code::rate_limited;
  const auto first = is_limited ? options_.rate_limited_first : options_.first;
  const auto most = is_limited ? options_.rate_limited_most : options_.most;
  auto rest = first;
  for (int i = 1; i < failures_ && rest < most; ++i) rest *= 2;
  rest = std::min(scaled(rest, 0.8 + 0.4 * jitter), most);
  if (!why.retry_after) return rest;
  // A registry that says when is asked then, even when our own guess is longer. Never at once, whatever it says.
  // Clamped before it is a number of nanoseconds, which a huge one would overflow.
  const auto told = std::clamp<std::chrono::seconds>(*why.retry_after, least_rest, std::chrono::hours(24));
  const auto asked = scaled(told, 1.0 + 0.1 * jitter);
  rest = is_limited ? asked : std::max(rest, asked);
  return std::clamp<std::chrono::nanoseconds>(rest, least_rest, options_.rate_limited_most);
}

error host_backoff::refusal(std::string_view host, steady_time now) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(until_ - now, steady_time::duration(0)));
  error out = why_;
  out.message = fmt::format("registry {} is left in peace for {} s more after: {}", host, left.count(), why_.message);
  out.retry_after = left;
  return out;
}

}  // namespace pinhook::resolve
