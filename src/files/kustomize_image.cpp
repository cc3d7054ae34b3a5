#include <pinhook/files/kustomize_image.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/registry/digest.hpp>

#include <algorithm>

namespace pinhook::files {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// [a-zA-Z0-9_.{}-]
bool is_tag_char(char c) { return is_alphanumeric(c) || std::string_view("_.{}-").contains(c); }

bool all_tag_chars(std::string_view text) { return std::ranges::all_of(text, is_tag_char); }

// [a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*
bool is_algorithm(std::string_view text) {
  bool is_word = false;
  for (const char c : text) {
    if (!is_alphanumeric(c) && (!is_word || !std::string_view(".+_-").contains(c))) return false;
    is_word = is_alphanumeric(c);
  }
  return is_word;
}

// (:[…]*)?(@algorithm:[…]*)?$
bool is_tag_and_digest(std::string_view rest) {
  const auto at = rest.find('@');
  const std::string_view tag = rest.substr(0, at);
  if (!tag.empty() && (tag.front() != ':' || !all_tag_chars(tag.substr(1)))) return false;
  if (at == std::string_view::npos) return true;
  const std::string_view digest = rest.substr(at + 1);
  const auto colon = digest.find(':');
  return colon != std::string_view::npos && is_algorithm(digest.substr(0, colon)) &&
         all_tag_chars(digest.substr(colon + 1));
}

std::string_view cut_last(std::string_view& pointer) {
  const auto slash = pointer.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view out = pointer.substr(slash + 1);
  pointer = pointer.substr(0, slash);
  return out;
}

// A digest that belongs to no image: only its form matters for matching entries.
const registry::digest& any_digest() {
  static const registry::digest out = registry::digest::of({});
  return out;
}

}  // namespace

image_parts split_image(std::string_view image) {
  const auto slash = image.find('/');
  const std::size_t from = slash == std::string_view::npos ? 0 : slash;
  const auto at = image.find('@', from);
  const auto colon = image.find(':', from);
  if (at == std::string_view::npos && colon == std::string_view::npos) return {image, {}, {}};
  if (at == std::string_view::npos) return {image.substr(0, colon), image.substr(colon + 1), {}};
  if (colon > at) return {image.substr(0, at), {}, image.substr(at + 1)};
  return {image.substr(0, colon), image.substr(colon + 1, at - colon - 1), image.substr(at + 1)};
}

bool is_pattern(std::string_view name) { return name.find_first_of("\\^$*+?()[]{}|") != std::string_view::npos; }

bool is_matched(std::string_view name, std::string_view image) {
  if (image.size() < name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (name[i] != image[i] && (name[i] != '.' || image[i] == '\n')) return false;
  return !is_pattern(name) && is_tag_and_digest(image.substr(name.size()));
}

std::optional<std::string> applied(const kustomize_entry& entry, std::string_view image) {
  if (!is_matched(entry.name, image)) return std::nullopt;
  const image_parts from = split_image(image);
  std::string tag(from.tag);
  std::string digest(from.digest);
  if (entry.decides()) {
    tag = entry.new_tag;
    digest = entry.digest;
  } else if (!entry.tag_suffix.empty()) {
    tag += entry.tag_suffix;
    digest.clear();
  }
  std::string out = entry.new_name.empty() ? std::string(from.name) : entry.new_name;
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += "@" + digest;
  return out;
}

std::size_t times_applied(std::string_view pointer) {
  // kustomize handles the items of lists one by one.
  while (pointer.starts_with("/items/")) {
    const auto slash = pointer.find('/', 7);
    if (slash == std::string_view::npos || !is_index(pointer.substr(7, slash - 7))) break;
    pointer.remove_prefix(slash);
  }
  const std::string_view field = cut_last(pointer);
  if (field == "reference") {
    if (cut_last(pointer) != "image" || !is_index(cut_last(pointer)) || cut_last(pointer) != "volumes") return 0;
    const bool is_known =
        pointer == "/spec" || pointer == "/spec/template/spec" || pointer == "/spec/jobTemplate/spec/template/spec";
    return is_known ? 1 : 0;
  }
  if (field != "image" || !is_index(cut_last(pointer))) return 0;
  const std::string_view list = cut_last(pointer);
  if (list != "containers" && list != "initContainers") return 0;
  return pointer == "/spec" || pointer == "/spec/template/spec" ? 2 : 1;
}

followed_image follow(std::span<const kustomize_entry> entries, std::string_view image, std::size_t times) {
  followed_image out{.image = std::string(image)};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const kustomize_entry& e = entries[i];
    for (std::size_t n = 0; n < times; ++n) {
      auto next = applied(e, out.image);
      if (!next) break;
      out.image = *std::move(next);
      if (n == 0) out.matched.push_back(i);
      out.is_decided = e.decides() || (out.is_decided && e.tag_suffix.empty());
    }
  }
  return out;
}

std::vector<std::size_t> matched_by_dots(std::span<const kustomize_entry> entries, std::string_view image,
                                         std::size_t times) {
  std::vector<std::size_t> out;
  std::string now(image);
  for (const std::size_t i : follow(entries, image, times).matched) {
    const kustomize_entry& e = entries[i];
    if (e.decides() && e.new_name.empty() && split_image(now).name != split_image(e.name).name) out.push_back(i);
    now = applied(e, now).value_or(now);
  }
  return out;
}

bool compares_tags(const kustomize_entry& entry) {
  return split_image(entry.name).name != entry.name || (!entry.decides() && !entry.tag_suffix.empty());
}

pin::pin_format format_for(std::span<const kustomize_entry> entries, const image_to_pin& one,
                           pin::pin_format preferred) {
  using pin::pin_format;
  const followed_image before = follow(entries, one.image);
  const auto is_good = [&](pin_format format) {
    const followed_image after = follow(entries, pin::write_pin(one.name, one.tag, any_digest(), format));
    return before.matched == after.matched &&
           (before.image == after.image || split_image(after.image).digest == any_digest().to_string());
  };
  if (is_good(preferred)) return preferred;
  const auto other = preferred == pin_format::digest ? pin_format::tag_and_digest : pin_format::digest;
  return is_good(other) ? other : preferred;
}

pin::pin_format format_for_all(const std::vector<std::vector<kustomize_entry>>& lists, const image_to_pin& one,
                               pin::pin_format preferred) {
  for (const auto& entries : lists)
    if (const auto needed = format_for(entries, one, preferred); needed != preferred) return needed;
  return preferred;
}

}  // namespace pinhook::files
