// `pinhook explain --kinds`: which kinds are known to hold images, where, and which of them the webhook configurations
// of manifests/ send. Pure; any thread.
#pragma once

#include <pinhook/cli/explain.hpp>

#include <string>

namespace pinhook::cli {

/// A line for each place of images; as JSON {"kinds": [{"group", "kind", "resource", "subresource", "sent", "images",
/// "places": [{"path", "holds"}]}]}, where "subresource" is null for most, and "images" is "changeable", "immutable" or
/// "immutable by name".
[[nodiscard]] std::string kind_list(output_format format);

}  // namespace pinhook::cli
