#include <pinhook/registry/mirror_sets.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace pinhook::registry {
namespace {

// What all sets say about one source, for one kind of references.
struct merged_sets {
  std::vector<const mirror_set*> sets;
  /// The object that forbids the source; empty: none does.
  std::string blocked_by;
};
using by_source = std::map<std::string, merged_sets>;

bool has_a_mirror(const mirror_set& one) {
  return std::ranges::any_of(one.mirrors, [&](const std::string& m) { return !m.empty() && m != one.source; });
}

by_source merge_sets(const std::vector<mirror_set>& all) {
  by_source out;
  for (const auto& one : all) {
    if (one.source.empty() || !has_a_mirror(one)) continue;
    auto& merged = out[one.source];
    merged.sets.push_back(&one);
    if (one.never_contacts_source && merged.blocked_by.empty()) merged.blocked_by = one.object;
  }
  return out;
}

// A directed graph of places, best first.
struct place_order {
  struct node {
    std::set<std::string> before;
    std::set<std::string> after;
    bool is_used = false;
  };
  std::map<std::string, node> nodes;

  void add(const std::string& first, const std::string& second) {
    nodes[first].after.insert(second);
    nodes[second].before.insert(first);
  }

  // A place follows all that are before it. A loop is broken at the name that sorts first.
  std::vector<std::string> sorted() {
    std::vector<std::string> out;
    std::deque<std::string> free;
    for (const auto& [name, one] : nodes)
      if (one.before.empty()) free.push_back(name);
    auto next = nodes.begin();
    while (!free.empty() || next != nodes.end()) {
      std::string name;
      if (free.empty()) {
        name = (next++)->first;
      } else {
        name = std::move(free.front());
        free.pop_front();
      }
      node& now = nodes[name];
      if (now.is_used) continue;
      now.is_used = true;
      for (const auto& later : now.after) {
        node& following = nodes[later];
        following.before.erase(name);
        if (following.before.empty() && !following.is_used) free.push_back(later);
      }
      out.push_back(std::move(name));
    }
    return out;
  }
};

std::vector<std::string> ordered_mirrors(const merged_sets& of, const std::string& source) {
  place_order order;
  for (const mirror_set* const one : of.sets) {
    std::vector<std::string> places;
    std::ranges::copy_if(one->mirrors, std::back_inserter(places), [](const auto& m) { return !m.empty(); });
    if (std::ranges::find(places, source) == places.end()) places.push_back(source);
    for (std::size_t i = 0; i + 1 < places.size(); ++i) order.add(places[i], places[i + 1]);
  }
  auto out = order.sorted();
  // The source is asked last without being named.
  if (!out.empty() && out.back() == source) out.pop_back();
  return out;
}

std::string object_of(const merged_sets& of, const std::string& mirror) {
  for (const mirror_set* const one : of.sets)
    if (std::ranges::find(one->mirrors, mirror) != one->mirrors.end()) return one->object;
  return of.sets.front()->object;
}

void add_sets(std::map<std::string, conf_registry>& to, const by_source& all, mirror_use use) {
  for (const auto& [source, merged] : all) {
    conf_registry& entry = to[source];
    entry.prefix = source;
    if (!source.starts_with("*.")) entry.location = source;
    if (entry.file.empty()) entry.file = merged.sets.front()->object;
    if (!merged.blocked_by.empty()) {
      entry.is_blocked = true;
      entry.file = merged.blocked_by;
    }
    for (auto& mirror : ordered_mirrors(merged, source)) {
      std::string object = object_of(merged, mirror);
      entry.mirrors.push_back({std::move(mirror), false, use, std::move(object)});
    }
  }
}

}  // namespace

registries_conf conf_of(const mirror_sets& sets) {
  std::map<std::string, conf_registry> entries;
  add_sets(entries, merge_sets(sets.for_digests), mirror_use::digests);
  add_sets(entries, merge_sets(sets.for_tags), mirror_use::tags);
  registries_conf out;
  for (auto& [source, entry] : entries) {
    const bool serves_digests =
        std::ranges::any_of(entry.mirrors, [](const conf_mirror& one) { return one.use == mirror_use::digests; });
    if (entry.is_blocked) entry.block_reason = fmt::format("NeverContactSource of {}", entry.file);
    if (entry.is_blocked && !serves_digests)
      entry.block_reason += fmt::format(": add an ImageDigestMirrorSet for {}", source);
    out.registries.push_back(std::move(entry));
  }
  return out;
}

}  // namespace pinhook::registry
