#include <pinhook/pipeline/slot_rules.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <map>
#include <utility>

namespace pinhook::pipeline {
namespace {

// "nginx:1.25@sha256:…" of a digest without a tag in the reference whose tag is known.
std::optional<registry::reference> with_known_tag(const files::slot& s) {
  if (!s.is_pinned() || !s.tag || !s.ref->tag().empty()) return std::nullopt;
  if (s.tag->written_name() == s.ref->written_name()) return s.tag->with_digest(*s.ref->digest());
  auto whole = registry::reference::parse(
      fmt::format("{}:{}@{}", s.ref->written_name(), s.tag->effective_tag(), s.ref->digest()->to_string()));
  if (!whole) return std::nullopt;
  return *std::move(whole);
}

}  // namespace

rules::effects slot_rules::effects_of(const files::slot& s) const {
  if (const rules::effects* all = set.effects_of_all(); all != nullptr) return *all;
  const auto whole = with_known_tag(s);
  rules::subject about{.ref = whole ? &*whole : &*s.ref,
                       .ns = std::nullopt,
                       .group = s.group,
                       .kind = s.kind,
                       .container = s.name,
                       .type = s.type};
  if (!s.ns.empty())
    about.ns = s.ns;
  else if (!ns.empty())
    about.ns = ns;
  return set.effects_of(about);
}

rules::effects slot_rules::effects_as(files::slot s, const registry::reference& ref) const {
  s.ref = s.tag = ref;
  return effects_of(s);
}

slot_order slot_rules::order_of(const files::slot& s) const {
  slot_order out{.never = {}, .format = format};
  if (set.is_empty() || !s.ref) return out;
  const auto e = effects_of(s);
  const auto order = set.order_of(e);
  if (order.pin == pin::pin_order::never) out.never = set.rules()[e.pin].name;
  if (!format) out.format = order.format;
  return out;
}

std::vector<slot_order> slot_rules::orders_of(std::span<const files::slot> slots) const {
  std::vector<slot_order> out(slots.size(), slot_order{.never = {}, .format = format});
  if (set.is_empty()) return out;
  std::map<std::pair<std::size_t, std::size_t>, slot_order> by_place;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto own = order_of(slots[i]);
    auto& shared = by_place[{slots[i].line, slots[i].column}];
    if (shared.never.empty()) shared.never = std::move(own.never);
    if (!shared.format) shared.format = own.format;
  }
  for (std::size_t i = 0; i < slots.size(); ++i) out[i] = by_place.at({slots[i].line, slots[i].column});
  return out;
}

}  // namespace pinhook::pipeline
