// `pinhook explain --kinds`: the kinds that hold images, the places of the images, and whether the webhook
// configurations of manifests/ send the kind. Pure; any thread.
#pragma once

#include <pinhook/cli/explain.hpp>

#include <string>

namespace pinhook::cli {

/// A line for each place of images, or JSON {"kinds": [{"group", "kind", "resource", "subresource", "sent", "images",
/// "places": [{"path", "holds"}]}]}, where "subresource" is null for most, and "images" is "changeable", "immutable" or
/// "immutable by name".
[[nodiscard]] std::string kind_list(output_format format);

}  // namespace pinhook::cli
