#include <pinhook/proofs/verdict_cache.hpp>

#include <algorithm>
#include <chrono>

namespace pinhook::proofs {

void verdict_cache::part::drop(const std::string& key) {
  const auto found = held.find(key);
  if (found == held.end()) return;
  by_use.erase(found->second.place);
  held.erase(found);
}

std::optional<rules::proof> verdict_cache::find_in(part& in, const std::string& key, steady_time now) {
  const auto found = in.held.find(key);
  if (found == in.held.end()) return std::nullopt;
  if (now >= found->second.until) {
    in.by_use.erase(found->second.place);
    in.held.erase(found);
    return std::nullopt;
  }
  in.by_use.splice(in.by_use.begin(), in.by_use, found->second.place);
  return found->second.answer;
}

std::optional<rules::proof> verdict_cache::find(const std::string& key, steady_time now) {
  const std::lock_guard lock(guard_);
  if (auto good = find_in(accepted_, key, now)) return good;
  return find_in(refused_, key, now);
}

std::optional<steady_time> verdict_cache::until(const std::string& key, steady_time now) const {
  const std::lock_guard lock(guard_);
  for (const part* in : {&accepted_, &refused_})
    if (const auto found = in->held.find(key); found != in->held.end() && now < found->second.until)
      return found->second.until;
  return std::nullopt;
}

steady_time verdict_cache::end_of(const rules::proof& answer, steady_time now, wall_time on_wall) const {
  const auto span = answer.is_given ? options_.accepted_for : options_.refused_for;
  if (!answer.is_given || !answer.good_until || *answer.good_until - on_wall >= span) return now + span;
  return now + std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(*answer.good_until - on_wall));
}

void verdict_cache::store(const std::string& key, rules::proof answer, steady_time now, wall_time on_wall) {
  const std::lock_guard lock(guard_);
  accepted_.drop(key);
  refused_.drop(key);
  part& to = answer.is_given ? accepted_ : refused_;
  const steady_time until = end_of(answer, now, on_wall);
  if (until <= now || options_.capacity == 0) return;
  if (to.held.size() >= options_.capacity) {
    const std::string oldest = to.by_use.back();
    to.drop(oldest);
  }
  to.by_use.push_front(key);
  to.held.emplace(key, entry{std::move(answer), until, to.by_use.begin()});
}

std::size_t verdict_cache::size() const {
  const std::lock_guard lock(guard_);
  return accepted_.held.size() + refused_.held.size();
}

}  // namespace pinhook::proofs
