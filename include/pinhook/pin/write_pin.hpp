// Writes a pin (README.md, 5).
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <string>
#include <string_view>

namespace pinhook::pin {

/// The author's name, never the canonical one, and the digest: "nginx@sha256:…", or with the tag between them:
/// "nginx:1.25@sha256:…". `tag` is the effective tag, so "nginx" becomes "nginx:latest@sha256:…" in the second form: it
/// shows which tag was resolved.
[[nodiscard]] std::string write_pin(std::string_view written_name, std::string_view tag, const registry::digest& digest,
                                    pin_format format);

}  // namespace pinhook::pin
