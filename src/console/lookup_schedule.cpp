#include <pinhook/console/lookup_schedule.hpp>

#include <algorithm>
#include <cstdint>

namespace pinhook::console {

std::chrono::nanoseconds lookup_schedule::spread(std::chrono::nanoseconds span) const {
  const auto quarter = span / 4;
  return span - quarter +
         std::chrono::nanoseconds(static_cast<std::int64_t>(2.0 * static_cast<double>(quarter.count()) * random_()));
}

std::string lookup_schedule::key_of(const registry::reference& one) const {
  std::string out = one.canonical();
  if (options_.tells_tags_apart) out.append(" ").append(one.tag());
  return out;
}

std::vector<std::string> lookup_schedule::users(const registry::reference& one) const {
  const auto found = known_.find(key_of(one));
  if (found == known_.end()) return {};
  return {found->second.namespaces.begin(), found->second.namespaces.end()};
}

void lookup_schedule::use(const std::string& ns, const std::vector<registry::reference>& all, steady_time now) {
  std::set<std::string> wanted;
  for (const registry::reference& one : all) {
    std::string name = key_of(one);
    auto found = known_.find(name);
    if (found == known_.end()) found = known_.emplace(name, entry{.reference = one, .due = now}).first;
    found->second.namespaces.insert(ns);
    wanted.insert(std::move(name));
  }
  auto& before = used_[ns];
  for (const std::string& name : before) {
    if (wanted.contains(name)) continue;
    const auto found = known_.find(name);
    found->second.namespaces.erase(ns);
    if (!found->second.namespaces.empty()) continue;
    dropped_.push_back(std::move(found->second.reference));
    known_.erase(found);
  }
  if (wanted.empty())
    used_.erase(ns);
  else
    before = std::move(wanted);
}

std::vector<registry::reference> lookup_schedule::due(steady_time now, std::size_t most) {
  std::vector<entry*> ready;
  for (auto& [name, one] : known_)
    if (!one.is_asked && one.due <= now) ready.push_back(&one);
  const auto count = std::min(most, ready.size());
  std::ranges::partial_sort(ready, ready.begin() + static_cast<std::ptrdiff_t>(count), {}, &entry::due);
  std::vector<registry::reference> out;
  for (std::size_t i = 0; i < count; ++i) {
    ready[i]->is_asked = true;
    out.push_back(ready[i]->reference);
  }
  return out;
}

std::vector<std::string> lookup_schedule::done(const registry::reference& one, const std::optional<std::string>& answer,
                                               steady_time now) {
  const auto found = known_.find(key_of(one));
  if (found == known_.end()) return {};
  entry& at = found->second;
  at.is_asked = false;
  const bool is_news = answer ? at.answer != answer : !at.answer && at.failures == 0;
  if (answer) at.answer = answer;
  at.failures = answer ? 0 : at.failures + 1;
  auto wait = options_.interval;
  if (!answer) {
    wait = options_.first_retry;
    for (int i = 1; i < at.failures && wait < options_.interval; ++i) wait *= 2;
    wait = std::min(wait, options_.interval);
  }
  at.due = now + spread(wait);
  if (!is_news) return {};
  return {at.namespaces.begin(), at.namespaces.end()};
}

std::size_t lookup_schedule::unasked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(known_, [](const auto& one) { return !one.second.answer && one.second.failures == 0; }));
}

std::size_t lookup_schedule::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(known_, [](const auto& one) { return one.second.failures > 0; }));
}

}  // namespace pinhook::console
