// The label of namespaces and objects, and the annotations of objects, that pinhook reads and writes (docs/pinning.md).
#pragma once

#include <string_view>

namespace pinhook::pin {

inline constexpr std::string_view pin_label = "pinhook.dev/pin";
inline constexpr std::string_view pins_annotation = "pinhook.dev/pins";
inline constexpr std::string_view updates_annotation = "pinhook.dev/updates";
inline constexpr std::string_view refresh_annotation = "pinhook.dev/refresh";

}  // namespace pinhook::pin
