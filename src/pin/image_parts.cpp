#include <pinhook/pin/image_parts.hpp>

#include <pinhook/pin/image_keys.hpp>

namespace pinhook::pin {

bool holds_hex_digest(std::string_view digest_key, std::string_view value) {
  return digest_key.starts_with("sha") && !value.starts_with(digest_algorithm);
}

bool is_repository_address(std::string_view text) {
  return text.contains("://") || text.contains('@') || text.ends_with(".git");
}

bool may_extend(std::string_view repository, std::string_view key, std::string_view text) {
  if (text.empty() || repository.substr(repository.rfind('/') + 1) == text) return false;
  if (key != extension_keys.front()) return true;
  if (names_registry(repository)) repository.remove_prefix(repository.find('/') + 1);
  return !repository.contains('/');
}

bool may_stand_before(std::string_view text, std::string_view image) {
  if (text.empty() || is_repository_address(text) || names_registry(image)) return false;
  return !image.contains('/') || names_registry(text);
}

}  // namespace pinhook::pin
