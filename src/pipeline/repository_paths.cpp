#include <pinhook/pipeline/repository_paths.hpp>

#include <system_error>

namespace pinhook::pipeline {

namespace fs = std::filesystem;

fs::path in_repository(const std::string& file, std::string_view name, fs::file_type type) {
  while (name.starts_with('/') || name.starts_with("./")) name.remove_prefix(name.starts_with('/') ? 1 : 2);
  if (name.empty() || name.starts_with("..") || name.contains("{{") || name.contains("${") || name.contains("://"))
    return {};
  std::error_code failed;
  fs::path above = fs::absolute(file, failed).parent_path();
  fs::path up = fs::path(file).parent_path();
  for (std::size_t i = 0; i < max_folders_above; ++i) {
    if (fs::status(up / name, failed).type() == type) return (up / name).lexically_normal();
    if (above == above.root_path()) break;
    above = above.parent_path();
    up /= "..";
  }
  return {};
}

std::optional<std::string> kustomization_in(const fs::path& directory) {
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    std::error_code ignored;
    if (fs::is_regular_file(directory / name, ignored)) return (directory / name).string();
  }
  return std::nullopt;
}

}  // namespace pinhook::pipeline
