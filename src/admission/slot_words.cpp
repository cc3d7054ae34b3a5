#include <pinhook/admission/slot_words.hpp>
#include <pinhook/pin/rules.hpp>

namespace pinhook::admission {

std::string_view noun_of(const pin::slot& s) {
  if (s.type == pin::container_type::image_volume) return "volume";
  return s.container.empty() ? "field" : "container";
}

std::string cut_begin(std::string_view text, std::size_t size) {
  constexpr std::string_view dots = "…";
  if (text.size() <= size) return std::string(text);
  if (size <= dots.size()) return std::string(dots);
  std::size_t begin = text.size() - (size - dots.size());
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) ++begin;
  return std::string(dots) + std::string(text.substr(begin));
}

std::string short_label(const pin::slot& s, std::size_t size) { return cut_begin(pin::label_of(s), size); }

}  // namespace pinhook::admission
