// Parts that the console's answers share.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/console/fleet_view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinhook::console {

inline void write_text(json::writer& to, std::string_view name, std::string_view value) {
  to.member(name, valid_utf8(value));
}

inline void write_number(json::writer& to, std::string_view name, std::size_t value) {
  to.key(name);
  to.number(std::uint64_t{value});
}

inline void write_time(json::writer& to, std::string_view name, const std::optional<wall_time>& at) {
  to.key(name);
  if (at)
    to.string(timestamp_text(*at));
  else
    to.null();
}

/// Calls `take` with each row that the viewer may see, in the order of their places.
template <class F>
void each_row(const fleet_view& of, const visible_namespaces& to, F take) {
  for (const auto& [name, part] : of.namespaces)
    if (is_visible(to, name))
      for (const shown_row& one : part->rows) take(one.row);
}

}  // namespace pinhook::console
