#include <pinhook/pin/standing_image.hpp>

#include <pinhook/base/json_cursor.hpp>

#include <string>
#include <string_view>

namespace pinhook::pin {
namespace {

std::string_view template_of(const slot& s, const object& o) { return o.found.templates[s.pod].pointer; }

// metadata.name of a pod template.
std::string name_of(const pod_template& of) {
  json::cursor at(of.text);
  json::string key;
  if (at.peek() != json::kind::object) return {};
  for (at.enter_object(); at.next_key(key);) {
    if (!(key == "metadata") || at.peek() != json::kind::object) {
      at.skip();
      continue;
    }
    for (at.enter_object(); at.next_key(key);) {
      if (key == "name" && at.peek() == json::kind::string) return at.read_text();
      at.skip();
    }
    return {};
  }
  return {};
}

}  // namespace

const slot* standing_slot(std::size_t index, const object& now, const object& before) {
  const slot& s = now.found.slots[index];
  const auto is_same_place = [&](const slot& old) {
    if (old.type != s.type || old.container != s.container) return false;
    return s.container.empty() ? old.pointer == s.pointer : template_of(old, before) == template_of(s, now);
  };
  // In most cases nothing has moved.
  const auto& slots = before.found.slots;
  if (index < slots.size() && is_same_place(slots[index])) return &slots[index];
  for (const slot& old : slots)
    if (is_same_place(old)) return &old;
  return nullptr;
}

bool means_tag(const registry::reference& old, const registry::reference& tag, const recorded_pins& record) {
  if (!old.is_pinned()) return old.canonical() == tag.canonical();
  if (!old.tag().empty() && has_same_repository(old, tag)) return old.tag() == tag.effective_tag();
  // Another webhook may have written another name since: the digest counts.
  const registry::digest* recorded = record.find(tag.canonical());
  return recorded != nullptr && old.digest() == *recorded;
}

bool keeps_template_name(const object& now, const object& before) {
  const auto& a = now.found.templates;
  const auto& b = before.found.templates;
  if (a.empty() || b.empty()) return false;
  const std::string name = name_of(a.front());
  return !name.empty() && name == name_of(b.front());
}

bool has_same_repository(const registry::reference& a, const registry::reference& b) {
  return a.registry() == b.registry() && a.repository() == b.repository();
}

}  // namespace pinhook::pin
