// How messages and warnings speak of one slot.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/slot.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::admission {

/// Bytes of a container's name in a warning: an image and a reason must fit behind it.
inline constexpr std::size_t max_label_size = 30;

/// "container", "volume"; "field" for what has no name.
[[nodiscard]] std::string_view noun_of(const pin::slot& s);

/// At most `size` bytes of UTF-8: of what is longer the end, behind "…". The end of a reference tells more than its
/// begin: the repository's name and the tag.
[[nodiscard]] std::string cut_begin(std::string_view text, std::size_t size);

/// pin::label_of, in at most `size` bytes.
[[nodiscard]] std::string short_label(const pin::slot& s, std::size_t size = max_label_size);

}  // namespace pinhook::admission
