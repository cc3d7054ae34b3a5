#include <pinhook/console/rule_exceptions.hpp>

#include <pinhook/base/glob.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace pinhook::console {
namespace {

bool shares_demand(const rules::rule& a, const rules::rule& b) {
  return std::ranges::any_of(a.demands, [&](const rules::demand& one) {
    return std::ranges::find(b.demands, one.requirement, &rules::demand::requirement) != b.demands.end();
  });
}

// The rules behind an exception that demand the same.
std::vector<std::string> taken_from(const pipeline::file_checks& checks, std::size_t exception) {
  std::vector<std::string> out;
  const auto all = checks.set.rules();
  for (std::size_t i = exception + 1; i < all.size(); ++i)
    if (checks.rows[i] != pipeline::file_checks::no_row && shares_demand(all[exception], all[i]))
      out.push_back(checks.table[checks.rows[i]].id);
  return out;
}

rule_exception about(const rules::rule& of) {
  rule_exception out{.rule = of.name,
                     .effect = {},
                     .images = {},
                     .namespaces = of.about.namespaces,
                     .kinds = of.about.kinds,
                     .containers = of.about.containers,
                     .types = {},
                     .from = {}};
  for (const auto& one : of.about.images) out.images.push_back(one.text());
  for (const auto one : of.about.types) out.types.emplace_back(rules::to_string(one));
  return out;
}

}  // namespace

exception_table::exception_table(const pipeline::file_checks& checks) : set_(checks.set) {
  const auto all = set_.rules();
  for (std::size_t i = 0; i < checks.first_own; ++i) {
    const rules::rule& one = all[i];
    rule_exception made = about(one);
    made.from = taken_from(checks, i);
    if (one.action == rules::action::allow && !made.from.empty()) {
      made.effect = "allow";
      allowing_.emplace(i, all_.emplace_back(std::make_shared<const rule_exception>(made)));
    }
    if (one.pin == pin::pin_order::never) {
      made.effect = "pin: never";
      made.from = {std::string(pipeline::rule_id::unpinned)};
      unpinned_.emplace(i, all_.emplace_back(std::make_shared<const rule_exception>(std::move(made))));
    }
  }
}

exception_list exception_table::of(const fleet::row& one) const {
  exception_list out;
  if (all_.empty()) return out;
  const auto ref = registry::reference::parse(one.image);
  if (!ref) return out;
  const rules::effects found = set_.effects_of(fleet::subject_of(one, *ref));
  const auto take = [&](const auto& from, std::uint32_t rule) {
    const auto at = from.find(rule);
    if (at != from.end() && std::ranges::find(out, at->second) == out.end()) out.push_back(at->second);
  };
  for (const std::uint32_t rule : found.demands) take(allowing_, rule);
  // A digest that is written needs no pin.
  if (!ref->is_pinned()) take(unpinned_, found.pin);
  return out;
}

std::optional<rule_exception> seen_exception(const rule_exception& of,
                                             const std::optional<std::vector<std::string>>& namespaces) {
  rule_exception out = of;
  if (!namespaces || of.namespaces.empty()) return out;
  std::erase_if(out.namespaces, [&](const std::string& pattern) {
    const glob matching = glob::of_word(pattern);
    return std::ranges::none_of(*namespaces, [&](const std::string& one) { return matching.matches(one); });
  });
  if (out.namespaces.empty()) return std::nullopt;
  return out;
}

}  // namespace pinhook::console
