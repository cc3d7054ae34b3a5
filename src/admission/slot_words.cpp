#include <pinhook/admission/slot_words.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/pin/plan.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::admission {
namespace {

// Bytes of a name below which it cannot be recognised.
constexpr std::size_t least_name = 24;

}  // namespace

std::string_view noun_of(const pin::slot& s) {
  if (s.type == pin::container_type::image_volume) return "volume";
  return s.container.empty() ? "field" : "container";
}

std::string short_label(const pin::slot& s) { return cut_middle(printable(pin::label_of(s)), max_label_size); }

std::string pin_entry(const pin::slot& s, std::string_view to) {
  constexpr std::string_view colon = ": ", arrow = " -> ";
  std::string out = short_label(s);
  out.reserve(out.size() + colon.size() + s.image.size() + arrow.size() + to.size());
  return out.append(colon).append(s.image).append(arrow).append(to);
}

bool is_pinned_to(std::string_view image, const registry::digest& d) {
  const std::string& text = d.to_string();
  return image.size() > text.size() && image.ends_with(text) && image[image.size() - text.size() - 1] == '@';
}

std::string short_image(std::string_view image) { return quoted_name(image, max_image_size); }

std::string with_names(std::string sentence, const pin::slot& s, std::string_view image, std::size_t size) {
  const std::string label = short_label(s);
  const std::string name = printable(image);
  const std::string head = fmt::format(" ({} ", noun_of(s));
  constexpr std::string_view between = ", image ";
  const auto room_behind = [&](std::size_t used) { return size - std::min(size, sentence.size() + used); };
  const std::size_t room = room_behind(head.size() + 1);
  const std::size_t least_label = std::min(label.size(), least_name);
  const std::size_t least_image = std::min(name.size(), least_name);
  if (room < least_label) return cut_words(sentence, size);
  if (room < least_label + between.size() + least_image) return sentence + head + cut_middle(label, room) + ')';
  const std::string shown = cut_middle(label, std::max(least_label, room - between.size() - least_image));
  return sentence + head + shown + std::string(between) + cut_middle(name, room - between.size() - shown.size()) + ')';
}

}  // namespace pinhook::admission
