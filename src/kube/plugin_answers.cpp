#include <pinhook/kube/plugin_answers.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;

constexpr std::array<plugin_cache_key, 3> search_order{plugin_cache_key::image, plugin_cache_key::registry,
                                                       plugin_cache_key::global};
// The time before a renewal is requested again: the time limit of a plugin's run.
constexpr std::chrono::nanoseconds renewal_pause = 1min;

}  // namespace

std::string plugin_answers::key_of(const plugin_requester& requester, const registry::reference& ref,
                                   plugin_cache_key kind) {
  // Neither identities nor names of images contain a newline.
  const auto about = [&]() -> std::string {
    switch (kind) {
      case plugin_cache_key::image:
        return "image " + image_name(ref);
      case plugin_cache_key::registry:
        return "registry " + ref.registry();
      case plugin_cache_key::global:
        break;
    }
    return "global";
  };
  return fmt::format("{}\n{}\n{}", requester.plugin, requester.token_key, about());
}

plugin_answers::found plugin_answers::find(const plugin_requester& requester, const registry::reference& ref) {
  const steady_time now = time_.now();
  for (const auto kind : search_order) {
    const auto at = held_.find(key_of(requester, ref, kind));
    if (at == held_.end() || now >= at->second.until) continue;
    found out{at->second.value, now >= at->second.renew_at};
    if (out.is_due) at->second.renew_at = now + renewal_pause;
    return out;
  }
  return {};
}

void plugin_answers::hold(const plugin_requester& requester, const registry::reference& ref, answer a) {
  if (a->hold_for.count() == 0) return;
  const steady_time now = time_.now();
  // Limited, since a plugin can give up to 290 years.
  const auto span = std::min<std::chrono::nanoseconds>(a->hold_for, 24h * 365);
  std::string key = key_of(requester, ref, a->key);
  if (!held_.contains(key) && held_.size() >= capacity_) make_room();
  held_.insert_or_assign(std::move(key), entry{std::move(a), now + span, now + span / 5 * 4});
}

bool plugin_answers::drop(const plugin_requester& requester, const registry::reference& ref) {
  const steady_time now = time_.now();
  bool had_any = false;
  for (const auto kind : search_order) {
    const auto at = held_.find(key_of(requester, ref, kind));
    if (at == held_.end()) continue;
    had_any = had_any || now < at->second.until;
    held_.erase(at);
  }
  return had_any;
}

void plugin_answers::make_room() {
  const steady_time now = time_.now();
  if (std::erase_if(held_, [&](const auto& one) { return one.second.until <= now; }) != 0 || held_.empty()) return;
  held_.erase(std::ranges::min_element(held_, {}, [](const auto& one) { return one.second.until; }));
}

}  // namespace pinhook::kube
