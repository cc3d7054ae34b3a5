#include <pinhook/console/fleet_past.hpp>

#include <pinhook/fleet/report_history.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace pinhook::console {
namespace {

using std::chrono::sys_days;

std::string key_of(std::string_view owner, std::string_view container) {
  std::string out(owner);
  out += '\0';
  out += container;
  return out;
}

// Adds what was there from one time to another, to each day at whose end it was there.
class day_adder {
 public:
  explicit day_adder(sys_days today) : today_(today) {}

  template <class F>
  void add(namespace_days& to, wall_time begin, const std::optional<wall_time>& end, F take) const {
    const std::size_t last = end ? place_of(*end) : days_of_trend;
    for (std::size_t i = place_of(begin); i < last; ++i) take(to.days.at(i));
  }

 private:
  // Of the first day at whose end something that begins then is there; one that ends then is not.
  [[nodiscard]] std::size_t place_of(wall_time at) const {
    const auto behind = (today_ - std::chrono::floor<std::chrono::days>(at)).count();
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(std::int64_t{days_of_trend} - 1 - behind, 0, days_of_trend));
  }

  sys_days today_;
};

}  // namespace

std::array<day_count, days_of_trend> days_until(const namespace_days& of, sys_days today) {
  const auto ahead = (today - of.newest).count();
  auto out = of.days;
  if (ahead <= 0) return out;
  const auto gone = static_cast<std::size_t>(std::min<std::int64_t>(ahead, days_of_trend));
  std::shift_left(out.begin(), out.end(), static_cast<std::ptrdiff_t>(gone));
  std::fill(out.end() - static_cast<std::ptrdiff_t>(gone), out.end(), of.days.back());
  return out;
}

fleet_past::fleet_past(const pipeline::rule_table& rules) {
  for (const auto& one : rules)
    if (one.level == pipeline::severity::note) notes_.insert(one.id);
}

result<void> fleet_past::load(store::history& from, const std::string& cluster, wall_time now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const auto since = now - fleet::shown_history;
  const day_adder adder(today);
  std::map<std::string, std::shared_ptr<namespace_days>, std::less<>> found;
  const auto days_of = [&](const std::string& ns) -> namespace_days& {
    auto& out = found[ns];
    if (out == nullptr) {
      out = std::make_shared<namespace_days>();
      out->newest = today;
    }
    return *out;
  };
  auto done = from.each_use(cluster, since, [&](const store::past_use& one) {
    const auto written = static_cast<std::size_t>(fleet::class_of(one.use.image));
    adder.add(days_of(one.use.ns), one.first_seen, one.ended, [&](day_count& to) { ++to.written.at(written); });
    if (!one.ended) stored_.insert(one.use.ns);
  });
  if (!done) return done;
  done = from.each_finding(cluster, since, [&](store::past_finding one) {
    if (!notes_.contains(one.times.kind))
      adder.add(days_of(one.use.ns), one.times.first_seen, one.resolved, [](day_count& to) { ++to.findings; });
    if (one.resolved) keep(std::move(one));
  });
  if (!done) return done;
  for (auto& [ns, one] : found) days_.insert_or_assign(ns, std::move(one));
  return {};
}

void fleet_past::keep(store::past_finding one) {
  auto& all = ended_[one.use.ns][key_of(one.use.owner, one.use.container)];
  const auto at = std::ranges::find_if(all, [&](const auto& other) { return other.resolved <= *one.resolved; });
  all.insert(at, {std::move(one.times.kind), std::move(one.use.image), one.times.first_seen, *one.resolved});
  if (all.size() > most_resolved) all.pop_back();
  all.shrink_to_fit();
}

void fleet_past::end(std::vector<store::past_finding> resolved) {
  for (store::past_finding& one : resolved) keep(std::move(one));
}

void fleet_past::count(const std::string& ns, const std::vector<const fleet::row*>& rows, wall_time now) {
  drop_old(now);
  const auto today = std::chrono::floor<std::chrono::days>(now);
  auto made = std::make_shared<namespace_days>();
  made->newest = today;
  if (const auto found = days_.find(ns); found != days_.end()) {
    made->days = days_until(*found->second, today);
    // A clock that went back writes the newest day again.
    made->newest = std::max(today, found->second->newest);
  }
  day_count current;
  for (const fleet::row* one : rows) {
    ++current.written.at(static_cast<std::size_t>(one->written));
    current.findings += static_cast<std::uint32_t>(
        std::ranges::count_if(one->findings, [](const auto& f) { return f.level != pipeline::severity::note; }));
  }
  made->days.back() = current;
  days_.insert_or_assign(ns, std::move(made));
}

// Once a day; a namespace that has been empty for all of the days has none.
void fleet_past::drop_old(wall_time now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  if (today == dropped_) return;
  dropped_ = today;
  const auto since = now - fleet::shown_history;
  for (auto& [ns, containers] : ended_)
    for (auto& [key, all] : containers) std::erase_if(all, [&](const auto& one) { return one.resolved < since; });
  for (auto& [ns, containers] : ended_) std::erase_if(containers, [](const auto& one) { return one.second.empty(); });
  std::erase_if(ended_, [](const auto& one) { return one.second.empty(); });
  std::erase_if(days_, [&](const auto& one) {
    return std::ranges::all_of(days_until(*one.second, today), [](const day_count& day) { return day == day_count(); });
  });
}

void fleet_past::add_resolved(std::vector<fleet::row>& rows, wall_time now) const {
  const auto since = now - fleet::shown_history;
  for (fleet::row& one : rows) {
    const auto containers = ended_.find(one.ns);
    if (containers == ended_.end()) continue;
    const auto found = containers->second.find(key_of(one.owner.to_string(), one.container));
    if (found == containers->second.end()) continue;
    for (const auto& past : found->second)
      if (past.resolved >= since) one.resolved.push_back(past);
  }
}

}  // namespace pinhook::console
