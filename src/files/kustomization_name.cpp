#include <pinhook/files/kustomization_name.hpp>

namespace pinhook::files {

bool is_kustomization_name(std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

}  // namespace pinhook::files
