// The words for one slot in messages and warnings.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::admission {

/// Bytes of a container's name, as many as the API server allows in the kinds that it knows.
inline constexpr std::size_t max_label_size = 63;
/// Bytes of an image in a sentence of a refusal.
inline constexpr std::size_t max_image_size = 256;

/// "container", "volume"; "field" for a slot without a name.
[[nodiscard]] std::string_view noun_of(const pin::slot& s);

/// pin::label_of, printable and in at most max_label_size bytes.
[[nodiscard]] std::string short_label(const pin::slot& s);

/// "web: nginx:1.25 -> nginx@sha256:…"; the images as they are.
[[nodiscard]] std::string pin_entry(const pin::slot& s, std::string_view to);

/// True for a reference with that digest.
[[nodiscard]] bool is_pinned_to(std::string_view image, const registry::digest& d);

/// Quoted, in at most max_image_size bytes.
[[nodiscard]] std::string short_image(std::string_view image);

/// The sentence, and behind it the container and image that it is about, in at most `size` bytes: "not pinned: reason
/// (container web, image nginx:1.25)". The names are cut in their middles; where too little of them remains they are
/// left out, the image first, and a sentence that is too long by itself is cut.
[[nodiscard]] std::string with_names(std::string sentence, const pin::slot& s, std::string_view image,
                                     std::size_t size);

}  // namespace pinhook::admission
