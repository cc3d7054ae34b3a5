#include <pinhook/files/image_guess.hpp>

#include <pinhook/files/filled_in.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/registry/reference.hpp>

namespace pinhook::files {

bool may_be_image(std::string_view text) {
  if (pin::is_address(text)) return false;
  if (is_filled_in(text)) return true;
  if (pin::is_other_text(text)) return false;
  if (registry::reference::parse(text)) return true;
  const std::size_t slash = text.rfind('/');
  return text.find_first_of(":@", slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

}  // namespace pinhook::files
