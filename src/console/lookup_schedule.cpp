#include <pinhook/console/lookup_schedule.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string_view>
#include <utility>

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
    if (found == known_.end()) {
      found = known_.emplace(name, entry{.reference = one, .due = now}).first;
      ++registries_[one.registry()].references;
    }
    found->second.namespaces.insert(ns);
    wanted.insert(std::move(name));
  }
  auto& before = used_[ns];
  for (const std::string& name : before) {
    if (wanted.contains(name)) continue;
    const auto found = known_.find(name);
    found->second.namespaces.erase(ns);
    if (!found->second.namespaces.empty()) continue;
    const auto of = registries_.find(found->second.reference.registry());
    if (--of->second.references == 0) registries_.erase(of);
    dropped_.push_back(std::move(found->second.reference));
    known_.erase(found);
  }
  if (wanted.empty())
    used_.erase(ns);
  else
    before = std::move(wanted);
}

bool lookup_schedule::is_in(lookup_lane lane, const entry& one) const {
  if (lane == lookup_lane::all) return true;
  const auto found = registries_.find(one.reference.registry());
  const bool answers = found != registries_.end() && found->second.answers && !one.has_trouble;
  return answers == (lane == lookup_lane::answering);
}

std::vector<lookup_schedule::entry*> lookup_schedule::in_turns(const std::vector<entry*>& ready, std::size_t most) {
  std::map<std::string_view, std::deque<entry*>> waiting;
  for (entry* one : ready) waiting[*one->namespaces.begin()].push_back(one);
  std::set<std::string_view> asked;
  std::vector<entry*> out;
  auto at = waiting.upper_bound(turn_);
  while (!waiting.empty() && out.size() < most) {
    if (at == waiting.end()) at = waiting.begin();
    auto& own = at->second;
    while (!own.empty() && !asked.insert(own.front()->reference.registry()).second) own.pop_front();
    if (own.empty()) {
      at = waiting.erase(at);
      continue;
    }
    out.push_back(own.front());
    own.pop_front();
    turn_ = at->first;
    ++at;
  }
  return out;
}

std::vector<registry::reference> lookup_schedule::due(steady_time now, std::size_t most, lookup_lane lane) {
  std::vector<entry*> ready;
  for (auto& [name, one] : known_)
    if (!one.is_asked && one.due <= now && is_in(lane, one)) ready.push_back(&one);
  if (lane == lookup_lane::others) {
    std::ranges::sort(ready, {},
                      [](const entry* one) { return std::pair(one->due, std::string_view(one->reference.written())); });
    ready = in_turns(ready, most);
  } else {
    const auto count = std::min(most, ready.size());
    std::ranges::partial_sort(ready, ready.begin() + static_cast<std::ptrdiff_t>(count), {}, &entry::due);
    ready.resize(count);
  }
  std::vector<registry::reference> out;
  for (entry* one : ready) {
    one->is_asked = true;
    out.push_back(one->reference);
  }
  return out;
}

std::vector<std::string> lookup_schedule::done(const registry::reference& one, const std::optional<std::string>& answer,
                                               steady_time now, bool has_answered) {
  const auto found = known_.find(key_of(one));
  if (found == known_.end()) return {};
  entry& at = found->second;
  at.is_asked = false;
  at.has_trouble = !has_answered;
  registry_state& of = registries_[at.reference.registry()];
  of.troubles = has_answered ? 0 : of.troubles + 1;
  of.answers = has_answered || (of.answers && of.troubles < most_troubles);
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

bool lookup_schedule::is_asking(const registry::reference& one) const {
  const auto found = known_.find(key_of(one));
  return found != known_.end() && found->second.is_asked;
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
