// The names of files that kustomize reads.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::files {

/// True for a path whose last part is a name that kustomize reads: kustomization.yaml, kustomization.yml,
/// Kustomization.
[[nodiscard]] bool is_kustomization_name(std::string_view path);

}  // namespace pinhook::files
