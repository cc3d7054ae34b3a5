#include <pinhook/pin/pod_paths.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>

namespace pinhook::pin {

pod_paths::pod_paths(const std::vector<custom_kind>& more) {
  for (const known_kind& k : known_kinds()) {
    row& r = rows_.emplace_back(row{std::string(k.group), std::string(k.kind), {}, k.images});
    for (const known_place& p : k.places) add(r, p.path, p.holds);
  }
  for (const custom_kind& k : more)
    for (const std::string& text : k.paths) add(row_of(k.group, k.kind), text, holding::image);
}

const pod_paths::row* pod_paths::find(std::string_view group, std::string_view kind) const {
  for (const row& r : rows_)
    if (r.kind == kind && r.group == group) return &r;
  return nullptr;
}

pod_paths::row& pod_paths::row_of(std::string_view group, std::string_view kind) {
  if (const row* known = find(group, kind)) return rows_[static_cast<std::size_t>(known - rows_.data())];
  return rows_.emplace_back(row{std::string(group), std::string(kind), {}});
}

void pod_paths::add(row& to, std::string_view text, holding holds) {
  auto parsed = parse_path(text);
  if (!parsed) throw std::invalid_argument(parsed.error().message);
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
