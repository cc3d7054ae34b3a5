#include <pinhook/files/image_guess.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/filled_in.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace pinhook::files {
namespace {

// Endings of pictures and disks, whose names could be those of images.
constexpr std::array<std::string_view, 13> other_files{".png", ".svg",   ".jpg", ".jpeg", ".gif",  ".webp", ".ico",
                                                       ".iso", ".qcow2", ".img", ".vmdk", ".vhdx", ".ova"};

// Endings of the keys.
constexpr std::array<std::string_view, 7> key_endings{"Image",     "_image",      "-image",    "_IMAGE",
                                                      "ImageName", "_image_name", "image_name"};

// The word before the ending when the image is a picture, or that of a disk or a machine.
constexpr std::array<std::string_view, 30> other_words{
    "ami",    "avatar", "background", "banner", "bg",      "boot",  "cover",  "disk",      "favicon", "footer",
    "guest",  "header", "hero",       "icon",   "iso",     "login", "logo",   "machine",   "og",      "os",
    "poster", "photo",  "preview",    "pull",   "profile", "root",  "rootfs", "thumbnail", "virtual", "vm"};

constexpr std::string_view related_image = "RELATED_IMAGE_";

// The last word of "customLogo", "custom_logo" or "CUSTOM_LOGO", in small letters.
std::string last_word(std::string_view text) {
  const bool is_all_upper = std::ranges::none_of(text, is_lower);
  std::size_t begin = text.size();
  while (begin > 0 && text[begin - 1] != '_' && text[begin - 1] != '-') {
    --begin;
    if (!is_all_upper && is_upper(text[begin])) break;
  }
  return lowered(text.substr(begin));
}

}  // namespace

bool names_image(std::string_view key) {
  if (key == image_key || key == "imageName" || key == "IMAGE") return true;
  if (key.starts_with(related_image) && key.size() > related_image.size()) return true;
  const auto ending = std::ranges::find_if(key_endings, [&](std::string_view end) { return key.ends_with(end); });
  if (ending == key_endings.end()) return false;
  const std::string word = last_word(key.substr(0, key.size() - ending->size()));
  return std::ranges::find(other_words, word) == other_words.end();
}

bool is_image_list_key(std::string_view key) {
  if (key == "images") return true;
  return (key.ends_with("Images") || key.ends_with("_images")) && names_image(key.substr(0, key.size() - 1));
}

bool is_image_variable(std::string_view name) {
  return (name.starts_with(related_image) && name.size() > related_image.size()) || name == "IMAGE" ||
         (name.ends_with("_IMAGE") && names_image(name));
}

bool may_be_image(std::string_view text) {
  if (text.empty() || text.contains("://") || text.starts_with('/') || text.starts_with('.')) return false;
  if (is_filled_in(text)) return true;
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; })) return false;
  if (std::ranges::any_of(other_files, [&](std::string_view end) { return text.ends_with(end); })) return false;
  if (registry::reference::parse(text)) return true;
  const std::size_t slash = text.rfind('/');
  return text.find_first_of(":@", slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

bool is_whole_image(std::string_view text) {
  if (!may_be_image(text)) return false;
  const auto ref = registry::reference::parse(text);
  return ref && (!ref->tag().empty() || ref->is_pinned() || names_registry(ref->written_name()));
}

bool names_registry(std::string_view name) {
  // reference::parse distinguishes a registry from a path by the same rule.
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view first = name.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::ranges::any_of(first, is_upper);
}

}  // namespace pinhook::files
