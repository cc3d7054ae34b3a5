// Images that another controller fills in before they are pulled: Argo's "{{inputs.parameters.image}}", Tekton's
// "$(params.image)".
#pragma once

#include <string_view>

namespace pinhook::pin {

/// True when the text contains a variable of Argo or Tekton. Pure.
[[nodiscard]] inline bool is_variable(std::string_view image) { return image.contains("{{") || image.contains("$("); }

}  // namespace pinhook::pin
