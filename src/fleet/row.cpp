#include <pinhook/fleet/row.hpp>

#include <pinhook/registry/reference.hpp>

#include <array>

namespace pinhook::fleet {

std::string_view to_string(written_class c) noexcept {
  constexpr std::array<std::string_view, 5> names{"pinned", "tag", "latest", "no-tag", "invalid"};
  return names[static_cast<std::size_t>(c)];
}

written_class class_of(std::string_view image) {
  const auto ref = registry::reference::parse(image);
  if (!ref) return written_class::invalid;
  if (ref->is_pinned()) return written_class::pinned;
  if (ref->tag().empty()) return written_class::no_tag;
  return ref->tag() == "latest" ? written_class::latest : written_class::tag;
}

}  // namespace pinhook::fleet
