#include <pinhook/pin/image_keys.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace pinhook::pin {
namespace {

// Endings of pictures and disks, whose names could be those of images.
constexpr std::array<std::string_view, 13> other_files{".png", ".svg",   ".jpg", ".jpeg", ".gif",  ".webp", ".ico",
                                                       ".iso", ".qcow2", ".img", ".vmdk", ".vhdx", ".ova"};

// Endings of the keys, in small letters.
// The last: Open Cluster Management's "registrationImagePullSpec".
constexpr std::array<std::string_view, 4> key_endings{"image", "imagename", "image_name", "imagepullspec"};

// The word before the ending when the image is a picture, or that of a disk or a machine.
constexpr std::array<std::string_view, 30> other_words{
    "ami",    "avatar", "background", "banner", "bg",      "boot",  "cover",  "disk",      "favicon", "footer",
    "guest",  "header", "hero",       "icon",   "iso",     "login", "logo",   "machine",   "og",      "os",
    "poster", "photo",  "preview",    "pull",   "profile", "root",  "rootfs", "thumbnail", "virtual", "vm"};

constexpr std::size_t longest_ending = 13;

// The letters that one of the endings has `behind` places before its end.
constexpr std::array<bool, 256> letters_at(std::size_t behind) {
  std::array<bool, 256> out{};
  for (const std::string_view ending : key_endings) {
    const char c = ending[ending.size() - 1 - behind];
    out[static_cast<unsigned char>(c)] = out[static_cast<unsigned char>(c - 'a' + 'A')] = true;
  }
  return out;
}
constexpr auto ends_key = letters_at(0);
constexpr auto is_before_end = letters_at(1);

constexpr std::string_view related_image = "RELATED_IMAGE_";

bool is_related_image(std::string_view name) {
  return !name.empty() && name.front() == related_image.front() && name.starts_with(related_image) &&
         name.size() > related_image.size();
}

// The place where the ending begins; npos: the key has none.
std::size_t ending_of(std::string_view key) {
  // Other keys, of which an object has hundreds, cost nothing: every ending has one of these letters at its end.
  if (key.size() < image_key.size()) return std::string_view::npos;
  if (!ends_key[static_cast<unsigned char>(key.back())] || !is_before_end[static_cast<unsigned char>(key.end()[-2])])
    return std::string_view::npos;
  const std::string small = lowered(key.substr(key.size() - std::min(key.size(), longest_ending)));
  const auto ending =
      std::ranges::find_if(key_endings, [&](std::string_view end) { return std::string_view(small).ends_with(end); });
  return ending == key_endings.end() ? std::string_view::npos : key.size() - ending->size();
}

// True when a word begins there: "initImage", "init_image", "INIT_IMAGE", not "reimage".
bool begins_word(std::string_view key, std::size_t at) {
  return at == 0 || key[at - 1] == '_' || key[at - 1] == '-' || (is_upper(key[at]) && is_lower(key[at + 1]));
}

// The last word of "customLogo", "custom_logo" or "CUSTOM_LOGO", in small letters.
std::string last_word(std::string_view text) {
  while (text.ends_with('_') || text.ends_with('-')) text.remove_suffix(1);
  const bool is_all_upper = std::ranges::none_of(text, is_lower);
  std::size_t begin = text.size();
  while (begin > 0 && text[begin - 1] != '_' && text[begin - 1] != '-') {
    --begin;
    if (!is_all_upper && is_upper(text[begin])) break;
  }
  return lowered(text.substr(begin));
}

}  // namespace

bool is_like_image_key(std::string_view key) { return ending_of(key) != std::string_view::npos; }

bool names_image(std::string_view key) {
  if (is_related_image(key)) return true;
  const std::size_t at = ending_of(key);
  if (at == std::string_view::npos || !begins_word(key, at)) return false;
  return std::ranges::find(other_words, last_word(key.substr(0, at))) == other_words.end();
}

bool is_image_list_key(std::string_view key) {
  if (key == "images") return true;
  return (key.ends_with("Images") || key.ends_with("_images")) && names_image(key.substr(0, key.size() - 1));
}

bool is_variable_list_key(std::string_view key) {
  return key.starts_with("env") || key.ends_with("Env") || key.contains("EnvVar");
}

bool is_image_variable(std::string_view name) {
  return is_related_image(name) || name == "IMAGE" || (name.ends_with("_IMAGE") && names_image(name));
}

bool is_address(std::string_view text) {
  return text.empty() || text.contains("://") || text.starts_with('/') || text.starts_with('.');
}

bool is_other_text(std::string_view text) {
  return is_address(text) || std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; }) ||
         std::ranges::any_of(other_files, [&](std::string_view end) { return text.ends_with(end); });
}

bool is_whole_image(std::string_view text) {
  if (is_other_text(text)) return false;
  const auto ref = registry::reference::parse(text);
  return ref && (!ref->tag().empty() || ref->is_pinned() || names_registry(ref->written_name()));
}

bool is_without_tag(std::string_view text) {
  const auto ref = registry::reference::parse(text);
  return ref && ref->tag().empty() && !ref->is_pinned();
}

bool names_registry(std::string_view name) {
  // reference::parse distinguishes a registry from a path by the same rule.
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view first = name.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::ranges::any_of(first, is_upper);
}

}  // namespace pinhook::pin
