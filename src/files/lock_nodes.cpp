#include <pinhook/files/lock_nodes.hpp>

#include <pinhook/files/lock_text.hpp>
#include <pinhook/yaml/event_stream.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {

std::unexpected<error> refuse_node(const yaml::node& at, std::string_view message) {
  return yaml::refuse_at(at.line, at.column, message);
}

result<void> want_keys(const yaml::node& mapping, std::initializer_list<std::string_view> known) {
  for (const auto& m : mapping.members)
    if (std::ranges::find(known, m.key) == known.end())
      return yaml::refuse_at(
          m.line, m.column,
          fmt::format("unknown field {}; valid fields are {}", quoted(m.key), fmt::join(known, ", ")));
  return {};
}

result<const yaml::node*> text_under(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return nullptr;
  if (found->kind != yaml::node_kind::scalar)
    return refuse_node(*found, fmt::format("{} must be a string, not {}", key, to_string(found->kind)));
  return found;
}

result<registry::digest> digest_under(const yaml::node& mapping, std::string_view key) {
  const auto digest = text_under(mapping, key);
  if (!digest) return fail(digest.error());
  if (*digest == nullptr) return refuse_node(mapping, fmt::format("{} is missing", key));
  auto parsed = registry::digest::parse((*digest)->text);
  if (!parsed) return refuse_node(**digest, parsed.error().message);
  return *std::move(parsed);
}

result<std::string> time_under(const yaml::node& mapping, std::string_view key) {
  const auto when = text_under(mapping, key);
  if (!when) return fail(when.error());
  if (*when == nullptr) return std::string();
  if (!is_time((*when)->text))
    return refuse_node(
        **when, fmt::format("{} is not a valid time; write it like 2026-11-21T08:30:00Z", quoted((*when)->text, 60)));
  return (*when)->text;
}

result<registry::reference> tag_of(const yaml::member& member) {
  auto ref = registry::reference::parse(member.key);
  const auto refuse = [&](std::string_view message) {
    return yaml::refuse_at(member.line, member.column, fmt::format("{}{}", quoted(member.key), message));
  };
  if (!ref) return refuse(": " + ref.error().message);
  if (ref->is_pinned()) return refuse(" has a digest; the key is the tag reference");
  if (ref->tag().empty()) return refuse(" has no tag");
  return ref;
}

}  // namespace pinhook::files
