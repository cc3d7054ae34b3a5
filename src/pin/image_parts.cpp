#include <pinhook/pin/image_parts.hpp>

#include <pinhook/pin/image_keys.hpp>

#include <algorithm>

namespace pinhook::pin {
namespace {

constexpr operator_parts operators[] = {
    // NVIDIA/gpu-operator, internal/image/image.go, ImagePath.
    {"nvidia.com", "", "repository", "image", "version"},
    // argoproj-labs/argocd-operator, controllers/argoutil/resource.go, CombineImageTag: a tag with a colon is a digest,
    // so that "2.9@sha256:…" would become "@2.9@sha256:…".
    {"argoproj.io", "ArgoCD", "", "image", "version"},
};

}  // namespace

bool holds_hex_digest(std::string_view digest_key, std::string_view value) {
  return digest_key.starts_with("sha") && !value.starts_with(digest_algorithm);
}

bool is_repository_address(std::string_view text) {
  return text.contains("://") || text.contains('@') || text.ends_with(".git");
}

bool may_extend(std::string_view repository, std::string_view key, std::string_view text) {
  if (text.empty() || repository.substr(repository.rfind('/') + 1) == text) return false;
  if (key == image_key) return true;
  if (names_registry(repository)) repository.remove_prefix(repository.find('/') + 1);
  return !repository.contains('/');
}

const operator_parts* parts_of_operator(std::string_view group, std::string_view kind) {
  const auto* known = std::ranges::find_if(operators, [&](const operator_parts& one) {
    return one.group == group && (one.kind.empty() || one.kind == kind);
  });
  return known == std::end(operators) ? nullptr : known;
}

}  // namespace pinhook::pin
