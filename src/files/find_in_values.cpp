// Helm values: mappings with `repository` and `tag` or `digest`, and strings under a key `image`. Charts share only
// these names, so the search follows their usage, and values that are evidently not images are left out.
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/json_pointer.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

constexpr std::string_view image_key = "image";

// Endings of pictures and disks, whose names could be those of images.
constexpr std::array<std::string_view, 13> other_files{".png", ".svg",   ".jpg", ".jpeg", ".gif",  ".webp", ".ico",
                                                       ".iso", ".qcow2", ".img", ".vmdk", ".vhdx", ".ova"};

// A value under `image` need not be an image. Without a tag or digest it must be a reference; with one, a mistake in it
// is worth reporting.
bool may_be_image(std::string_view text) {
  if (text.empty() || text.contains("://") || text.starts_with('/') || text.starts_with('.')) return false;
  if (is_filled_in(text)) return true;
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; })) return false;
  if (std::ranges::any_of(other_files, [&](std::string_view end) { return text.ends_with(end); })) return false;
  if (registry::reference::parse(text)) return true;
  const std::size_t slash = text.rfind('/');
  return text.find_first_of(":@", slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

class values_search {
 public:
  explicit values_search(image_search& in) : in_(in) {}

  // The reader's limit of nesting also limits this recursion: aliases are not followed, since their anchors are visited
  // anyway.
  result<void> take(node_index i, std::string_view key) {
    if (in_.doc.at(i).kind == source_kind::mapping) return take_mapping(i, key);
    if (in_.doc.at(i).kind != source_kind::sequence) return {};
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = in_.doc.at(i).first; one != no_node; one = in_.doc.at(one).next, ++index) {
      pointer_ += fmt::format("/{}", index);
      if (auto ok = take(one, {}); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

 private:
  result<void> take_mapping(node_index i, std::string_view key) {
    auto image = values_image(in_, i, pointer_, key == image_key);
    if (!image) return fail(std::move(image.error()));
    bool has_string = false;
    if (const auto text = string_at(in_.doc, in_.doc.find(i, image_key)); !*image && text && may_be_image(*text)) {
      image = image_beside_tag(in_, i, pointer_);
      if (!image) return fail(std::move(image.error()));
      has_string = image->has_value();
    }
    if (*image) add(std::move(**image));
    const std::size_t size = pointer_.size();
    // For each key, whether it led to an image.
    std::map<std::string_view, bool> seen;
    for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const yaml::source_node& name = in_.doc.at(in_.doc.resolve(k));
      if (name.kind != source_kind::scalar) continue;
      const std::size_t before = in_.images.size();
      pin::append_pointer(pointer_, name.text);
      if (name.text == image_key && !has_string) take_string(i, in_.doc.at(k).next);
      if (auto ok = take(in_.doc.at(k).next, name.text); !ok) return ok;
      pointer_.resize(size);
      const auto [first, is_new] = seen.emplace(name.text, false);
      first->second = first->second || in_.images.size() > before;
      if (!is_new && first->second) return refuse_at(in_.doc.at(k), fmt::format("duplicate key {}", quoted(name.text)));
    }
    return {};
  }

  void take_string(node_index mapping, node_index value) {
    const auto text = string_at(in_.doc, value);
    if (!text || !may_be_image(*text)) return;
    found_image image = scalar_image(in_, value, pointer_);
    const auto ref = registry::reference::parse(*text);
    if (ref) image.slot.problem = part_of_split(in_, mapping, *ref);
    if (!image.slot.problem.empty()) {
      image.slot.reason = skip_reason::split;
      image.slot.remedy = rendered_first;
    }
    image.slot.pull_policy = pull_policy_beside(in_, mapping);
    add(std::move(image));
  }

  void add(found_image image) {
    image.slot.object = "values";
    keep(in_, std::move(image));
  }

  image_search& in_;
  std::string pointer_;
};

}  // namespace

bool is_values_file(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.starts_with("values") || name.ends_with("values.yaml") || name.ends_with("values.yml");
}

result<void> find_in_values(image_search& in) { return values_search(in).take(in.doc.root, {}); }

}  // namespace pinhook::files
