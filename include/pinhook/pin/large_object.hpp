// What can be said of an object that has more of something than is read (find_slots.hpp): who it is, and whether an
// update changes anything but its metadata.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/object.hpp>

#include <string_view>

namespace pinhook::pin {

/// Its metadata alone; `found` stays empty. malformed: as read_object.
[[nodiscard]] result<object> read_metadata(std::string_view text);

/// Whether both texts hold the same members beside metadata and status, written in the same way: API servers send both
/// objects of an update alike.
[[nodiscard]] bool is_same_but_metadata(std::string_view now, std::string_view before);

}  // namespace pinhook::pin
