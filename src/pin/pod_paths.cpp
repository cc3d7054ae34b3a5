#include <pinhook/pin/pod_paths.hpp>

#include <pinhook/base/glob.hpp>
#include <pinhook/pin/read_members.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>

namespace pinhook::pin {
namespace {

bool is_wildcard(std::string_view group, std::string_view kind) { return group.contains('*') || kind.contains('*'); }

// True when every kind of the second row is one of the first.
bool covers(const custom_kind& wide, std::string_view group, std::string_view kind) {
  return glob::of_word(wide.group).covers(glob::of_word(group)) && glob::of_word(wide.kind).covers(glob::of_word(kind));
}

}  // namespace

bool are_by_name(std::span<const place> places) {
  const auto is_by_name = [](const place& p) {
    return !p.path.empty() && std::ranges::find(p.path, path_step::kind::values, &path_step::type) == p.path.end();
  };
  return !places.empty() && std::ranges::all_of(places, is_by_name);
}

pod_paths::pod_paths(const std::vector<custom_kind>& more) {
  for (const known_kind& k : known_kinds()) {
    row& r = rows_.emplace_back(row{std::string(k.group), std::string(k.kind), {}, false, k.images});
    for (const known_place& p : k.places) add(r, p.path, p.holds);
  }
  for (const custom_kind& k : more)
    for (const std::string& text : k.paths) add(row_of(k.group, k.kind), text, holding::image);
  // The paths of a row with wildcards are those of every row that it covers, too.
  for (const custom_kind& k : more) {
    if (!is_wildcard(k.group, k.kind)) continue;
    for (row& r : rows_)
      if ((r.group != k.group || r.kind != k.kind) && covers(k, r.group, r.kind))
        for (const std::string& text : k.paths) add(r, text, holding::image);
  }
  add_read_members(members_);
  for (row& r : rows_) {
    for (const place& p : r.places)
      for (const path_step& step : p.path)
        if (step.type == path_step::kind::member) members_.add(step.name);
    if (r.is_wildcard) r.places.push_back({});
  }
}

// A row without wildcards counts first, then of two that match the one that the other covers.
const pod_paths::row* pod_paths::find(std::string_view group, std::string_view kind) const {
  const row* out = nullptr;
  for (const row& r : rows_) {
    if (r.kind == kind && r.group == group) return &r;
    if (!r.is_wildcard || !covers({r.group, r.kind, {}}, group, kind)) continue;
    if (out == nullptr || covers({out->group, out->kind, {}}, r.group, r.kind)) out = &r;
  }
  return out;
}

pod_paths::row& pod_paths::row_of(std::string_view group, std::string_view kind) {
  const auto known = std::ranges::find_if(rows_, [&](const row& r) { return r.kind == kind && r.group == group; });
  if (known != rows_.end()) return *known;
  return rows_.emplace_back(row{std::string(group), std::string(kind), {}, is_wildcard(group, kind)});
}

void pod_paths::add(row& to, std::string_view text, holding holds) {
  auto parsed = parse_path(text);
  if (!parsed) throw std::invalid_argument(parsed.error().message);
  if (std::ranges::any_of(to.places, [&](const place& p) { return p.path == *parsed; })) return;
  if (to.places.size() == max_places)
    throw std::invalid_argument(fmt::format("kind {} has more than {} paths", quoted(to.kind), max_places));
  // A pod spec's and a container's image is under "image"; one of the operator's under the path's last name.
  const auto named = std::ranges::find(std::views::reverse(*parsed), path_step::kind::member, &path_step::type);
  if (holds == holding::image && std::ranges::find(keys_, named->name) == keys_.end()) keys_.push_back(named->name);
  to.places.push_back({std::move(*parsed), holds});
}

std::span<const place> pod_paths::of(std::string_view group, std::string_view kind) const {
  const row* known = find(group, kind);
  return known == nullptr ? std::span<const place>() : known->places;
}

images pod_paths::images_of(std::string_view group, std::string_view kind) const {
  const row* known = find(group, kind);
  return known == nullptr ? images::changeable : known->images;
}

}  // namespace pinhook::pin
