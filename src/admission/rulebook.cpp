#include <pinhook/admission/rulebook.hpp>

#include <pinhook/rules/judge.hpp>

#include <algorithm>
#include <cstdint>

namespace pinhook::admission {

ruling::ruling(const rules::rule_set& rules, const rules::effects& decided)
    : effects(decided),
      order(rules.order_of(decided)),
      has_order(order != pin::slot_order{}),
      has_demands(
          std::ranges::any_of(decided.demands, [](std::uint32_t rule) { return rule != rules::effects::none; })),
      asks_verifiers(rules::asks_verifiers(rules, decided)),
      demands_only_proofs(rules::demands_only_proofs(decided)) {}

}  // namespace pinhook::admission
