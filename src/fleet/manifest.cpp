#include <pinhook/fleet/manifest.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/registry/manifest.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/rules/judge.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::fleet {
namespace {

const json::value* array_of(const json::value& in, std::string_view name) {
  const json::value* found = json::find(in, name);
  return found != nullptr && found->IsArray() ? found : nullptr;
}

std::string platform_text(const json::value& entry) {
  const json::value* of = json::find(entry, "platform");
  if (of == nullptr) return {};
  const auto part = [of](std::string_view name) { return json::find_string(*of, name).value_or(""); };
  const auto platform = registry::platform::of(part("os"), part("architecture"), part("variant"));
  if (platform.os.empty() || platform.os == "unknown") return {};
  return platform.to_string();
}

const manifest* find(const manifests& known, const registry::digest& of) {
  const auto at = known.find(of);
  return at == known.end() ? nullptr : &at->second;
}

// The bytes of each platform that both have.
bool has_same_platforms(const manifest& a, const manifest& b) {
  bool has_common = false;
  for (const index_child& one : a.children) {
    if (one.platform.empty()) continue;
    const auto other = std::ranges::find(b.children, one.platform, &index_child::platform);
    if (other == b.children.end()) continue;
    if (other->digest != one.digest) return false;
    has_common = true;
  }
  return has_common;
}

}  // namespace

bool manifest::holds(const registry::digest& child) const {
  return std::ranges::find(children, child, &index_child::digest) != children.end();
}

result<manifest> read_manifest(std::string_view bytes) {
  const auto read = json::parse(bytes, {.depth = registry::max_manifest_depth, .size = registry::max_manifest_size});
  if (!read) return fail(read.error());
  if (json::find_integer(*read, "schemaVersion") == 1)
    return fail(error_code::unsupported, "a manifest of schema 1, whose digest no runtime pulls");
  manifest out{registry::digest::of(bytes), {}};
  const json::value* children = array_of(*read, "manifests");
  if (children == nullptr) {
    if (json::find(*read, "config") == nullptr) return fail(error_code::malformed, "neither a manifest nor an index");
    return out;
  }
  for (const json::value& one : children->GetArray()) {
    auto digest = registry::digest::parse(json::find_string(one, "digest").value_or(""));
    if (!digest) continue;
    if (out.children.size() == max_index_children) break;
    out.children.push_back({std::move(*digest), platform_text(one)});
  }
  return out;
}

std::optional<bool> same_image(const registry::digest& a, const registry::digest& b, const manifests& known) {
  if (a == b) return true;
  const manifest* of_a = find(known, a);
  const manifest* of_b = find(known, b);
  if ((of_a != nullptr && of_a->holds(b)) || (of_b != nullptr && of_b->holds(a))) return true;
  // Both platforms' manifests of one index that is known: replicas on nodes of two architectures.
  for (const auto& [digest, one] : known)
    if (one.holds(a) && one.holds(b)) return true;
  if (of_a != nullptr && of_b != nullptr) return false;
  // An index that is known, and a digest that is not in it: it may be that of another index with the same bytes, but it
  // is no part of this one.
  const manifest* index = of_a != nullptr ? of_a : of_b;
  if (index != nullptr && !index->children.empty()) return false;
  return std::nullopt;
}

std::string_view to_string(move m) noexcept {
  constexpr std::array<std::string_view, 5> names{"none", "list", "bytes", "version-tag", "unknown"};
  return names[static_cast<std::size_t>(m)];
}

move move_of(const registry::digest& before, const registry::digest& now, const manifests& known, std::string_view tag,
             bool was_lost) {
  if (before == now) return move::none;
  const move other_bytes = rules::is_version_tag(tag) ? move::version_tag : move::bytes;
  if (was_lost) return other_bytes;
  const manifest* a = find(known, before);
  const manifest* b = find(known, now);
  if ((a != nullptr && a->holds(now)) || (b != nullptr && b->holds(before))) return move::list;
  if (a == nullptr || b == nullptr) return move::unknown;
  return has_same_platforms(*a, *b) ? move::list : other_bytes;
}

}  // namespace pinhook::fleet
