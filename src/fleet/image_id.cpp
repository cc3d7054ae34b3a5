#include <pinhook/fleet/image_id.hpp>

namespace pinhook::fleet {

image_id parse_image_id(std::string_view text) {
  if (text.empty()) return {};
  // "docker-pullable://", "docker://", "containerd://"
  constexpr std::string_view behind_scheme = "://";
  if (const auto scheme = text.find(behind_scheme); scheme != std::string_view::npos)
    text.remove_prefix(scheme + behind_scheme.size());
  const auto at = text.rfind('@');
  // Without a name it is the digest of a configuration, whatever it looks like.
  if (at == std::string_view::npos || at == 0) return {image_id_form::unknown, {}};
  auto digest = registry::digest::parse(text.substr(at + 1));
  if (!digest) return {image_id_form::unknown, {}};
  return {image_id_form::manifest, std::move(*digest)};
}

}  // namespace pinhook::fleet
