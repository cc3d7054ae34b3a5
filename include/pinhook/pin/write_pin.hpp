// Writes a pin (README.md, 5).
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::pin {

/// The author's name, never the canonical one, and the digest: "nginx@sha256:…", or with the tag between them:
/// "nginx:1.25@sha256:…". `tag` is the effective tag, so "nginx" becomes "nginx:latest@sha256:…" in the second form: it
/// shows which tag was resolved.
[[nodiscard]] std::string write_pin(std::string_view written_name, std::string_view tag, const registry::digest& digest,
                                    pin_format format);

/// The part of the pinned `image` that stands at the pointer of its slot: of "acme/a:1.0@sha256:…" for slot_value::tag
/// "1.0@sha256:…".
[[nodiscard]] std::string_view value_of(std::string_view image, slot_value at);

/// The only format whose parts have a place; none for whole references, which can have any.
[[nodiscard]] std::optional<pin_format> format_of(slot_value at);

}  // namespace pinhook::pin
