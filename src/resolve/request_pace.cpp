#include <pinhook/resolve/request_pace.hpp>

#include <algorithm>
#include <numeric>

namespace pinhook::resolve {

request_pace::account_pace& request_pace::account_of(const std::string& account, steady_time now) {
  const auto [at, is_new] = accounts_.try_emplace(account);
  at->second.used_at = now;
  if (is_new && accounts_.size() > options_.accounts) {
    const auto oldest = std::ranges::min_element(accounts_, {}, [&](const auto& one) { return one.second.used_at; });
    // The new one is among the newest; where all are, another goes.
    accounts_.erase(oldest == at ? (std::next(at) == accounts_.end() ? accounts_.begin() : std::next(at)) : oldest);
  }
  return at->second;
}

void request_pace::move_on(account_pace& one, steady_time now) {
  const std::int64_t part = now.time_since_epoch() / part_of_second;
  const auto old = static_cast<std::size_t>(std::clamp<std::int64_t>(part - one.part, 0, parts));
  for (std::size_t i = 0; i < old; ++i)
    one.answers[static_cast<std::size_t>(part - static_cast<std::int64_t>(i)) % parts] = 0;
  one.part = std::max(one.part, part);
}

void request_pace::answered(const std::string& account, steady_time now) {
  account_pace& one = account_of(account, now);
  move_on(one, now);
  ++one.answers[static_cast<std::size_t>(one.part) % parts];
}

bool request_pace::limited(const std::string& account, steady_time asked_at, steady_time now) {
  account_pace& one = account_of(account, now);
  // Sixteen requests that meet the limit together tell of it once.
  if (asked_at <= one.learnt_at) return now < one.until;
  move_on(one, now);
  const auto answers = std::accumulate(one.answers.begin(), one.answers.end(), std::uint32_t{0});
  if (answers < options_.least_answers) return false;
  one.apart = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(1 / (options_.share * static_cast<double>(answers))));
  one.learnt_at = now;
  one.until = now + options_.kept;
  one.next = now;
  return true;
}

const request_pace::account_pace* request_pace::kept(std::string_view account, steady_time now) const {
  const auto at = accounts_.find(account);
  return at != accounts_.end() && now < at->second.until ? &at->second : nullptr;
}

bool request_pace::is_due(std::string_view account, steady_time now) const {
  const account_pace* const one = kept(account, now);
  return one == nullptr || one->next <= now;
}

bool request_pace::is_kept(std::string_view account, steady_time now) const { return kept(account, now) != nullptr; }

void request_pace::sent(std::string_view account, steady_time now) {
  const auto at = accounts_.find(account);
  if (at == accounts_.end()) return;
  account_pace& one = at->second;
  one.used_at = now;
  // One that is sent late makes the next no later, but several that were not sent are not made up for.
  one.next = std::max(one.next + one.apart, now);
}

steady_time request_pace::soonest(steady_time now) const {
  steady_time out = steady_time::max();
  for (const auto& [name, one] : accounts_)
    if (now < one.until && one.next > now) out = std::min(out, one.next);
  return out;
}

}  // namespace pinhook::resolve
