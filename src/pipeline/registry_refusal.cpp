#include <pinhook/pipeline/registry_refusal.hpp>

#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

namespace pinhook::pipeline {
namespace {

auto names_of_slot(const renamed_images& renamed, std::size_t index) {
  const auto [begin, end] = renamed.equal_range(index);
  return std::ranges::subrange(begin, end);
}

bool is_name(const renamed_image& one) { return one.ref && !one.is_guess; }

}  // namespace

std::string registry_refusal(const rules::rule_set& set, const rules::effects& e, const registry::reference& ref) {
  if (!rules::denies_registry(set, e, ref)) return {};
  const rules::image_state state{.ref = &ref, .has_digest = true, .pull_policy = std::nullopt, .pinned = {}};
  for (const rules::finding& f : rules::judge(set, e, state))
    if (f.requirement == rules::requirement::registry)
      return fmt::format("rule {}: {}; {}", set.rules()[f.rule].name, f.reason, f.fix);
  return {};
}

std::string registry_refusal(const slot_rules& orders, const files::slot& s, std::size_t index,
                             const renamed_images& renamed) {
  if (orders.set.is_empty() || !s.ref) return {};
  if (!is_renamed(renamed, index)) return registry_refusal(orders.set, orders.effects_of(s), *s.ref);
  for (const auto& [i, one] : names_of_slot(renamed, index)) {
    if (!is_name(one)) continue;
    auto why = registry_refusal(orders.set, orders.effects_as(s, *one.ref), *one.ref);
    if (!why.empty()) return why;
  }
  return {};
}

std::string registry_refusal(const rules::rule_set& set, std::span<const rules::effects> places,
                             const registry::reference& ref, std::span<const renamed_image> renamed) {
  if (std::ranges::any_of(renamed, is_name)) return {};
  for (const rules::effects& e : places)
    if (auto why = registry_refusal(set, e, ref); !why.empty()) return why;
  return {};
}

bool is_renamed(const renamed_images& renamed, std::size_t index) {
  return std::ranges::any_of(names_of_slot(renamed, index), [](const auto& one) { return is_name(one.second); });
}

}  // namespace pinhook::pipeline
