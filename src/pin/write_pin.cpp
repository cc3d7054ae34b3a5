#include <pinhook/pin/write_pin.hpp>

#include <pinhook/pin/image_parts.hpp>

namespace pinhook::pin {

std::string write_pin(std::string_view written_name, std::string_view tag, const registry::digest& digest,
                      pin_format format) {
  const bool has_tag = format != pin_format::digest;
  std::string out;
  out.reserve(written_name.size() + (has_tag ? tag.size() + 1 : 0) + 1 + digest.to_string().size());
  out += written_name;
  if (has_tag) out.append(1, ':').append(tag);
  out += '@';
  out += digest.to_string();
  return out;
}

std::string_view value_of(std::string_view image, slot_value at) {
  if (at == slot_value::image) return image;
  if (at == slot_value::tag) return image.substr(image.find(':', image.substr(0, image.find('@')).rfind('/') + 1) + 1);
  const std::string_view digest = image.substr(image.rfind('@') + 1);
  return at == slot_value::hex_digest ? digest.substr(digest_algorithm.size()) : digest;
}

std::optional<pin_format> format_of(slot_value at) {
  if (at == slot_value::image) return std::nullopt;
  return at == slot_value::digest_or_tag ? pin_format::digest : pin_format::tag_and_digest;
}

}  // namespace pinhook::pin
