// Patterns on canonical references: "docker.io/library/*", "**/istio/*", "ghcr.io/acme/**".
#pragma once

#include <string_view>

namespace pinhook::pin {

/// `*` stands for any characters but '/', `**` for any characters; every other character for itself. The whole text
/// must match, tag included. Pure; time grows with the product of the lengths.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

}  // namespace pinhook::pin
