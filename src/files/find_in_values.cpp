// Helm values: mappings with `repository` and `tag` or `digest`, and strings under a key `image`. Charts agree on no
// more than these names, so this is a reading of what people write: what is no image is left out where it can be told.
#include <pinhook/files/finding.hpp>
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

// Pictures and disks have names that images could have.
constexpr std::array<std::string_view, 13> other_files{".png", ".svg",   ".jpg", ".jpeg", ".gif",  ".webp", ".ico",
                                                       ".iso", ".qcow2", ".img", ".vmdk", ".vhdx", ".ova"};

// What stands under `image` need not be one. Without a tag or digest it must be a reference; with one, a mistake in it
// is worth telling.
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
  explicit values_search(finding& f) : f_(f) {}

  // The reader's limit of nesting is that of this recursion: aliases are not followed, their anchors are reached
  // anyway.
  result<void> take(node_index i, std::string_view key) {
    if (f_.doc.at(i).kind == source_kind::mapping) return take_mapping(i, key);
    if (f_.doc.at(i).kind != source_kind::sequence) return {};
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = f_.doc.at(i).first; one != no_node; one = f_.doc.at(one).next, ++index) {
      pointer_ += fmt::format("/{}", index);
      if (auto ok = take(one, {}); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

 private:
  result<void> take_mapping(node_index i, std::string_view key) {
    auto image = values_image(f_, i, pointer_, key == image_key);
    if (!image) return fail(std::move(image.error()));
    bool has_string = false;
    if (const auto text = string_at(f_.doc, f_.doc.find(i, image_key)); !*image && text && may_be_image(*text)) {
      image = image_beside_tag(f_, i, pointer_);
      if (!image) return fail(std::move(image.error()));
      has_string = image->has_value();
    }
    if (*image) add(std::move(**image));
    const std::size_t size = pointer_.size();
    // Of each key, whether it led to an image.
    std::map<std::string_view, bool> seen;
    for (node_index k = f_.doc.at(i).first; k != no_node; k = f_.doc.at(f_.doc.at(k).next).next) {
      const yaml::source_node& name = f_.doc.at(f_.doc.resolve(k));
      if (name.kind != source_kind::scalar) continue;
      const std::size_t before = f_.images.size();
      pin::append_pointer(pointer_, name.text);
      if (name.text == image_key && !has_string) take_string(i, f_.doc.at(k).next);
      if (auto ok = take(f_.doc.at(k).next, name.text); !ok) return ok;
      pointer_.resize(size);
      const auto [first, is_new] = seen.emplace(name.text, false);
      first->second = first->second || f_.images.size() > before;
      if (!is_new && first->second)
        return refuse_at(f_.doc.at(k), fmt::format("the key {} stands twice", quoted(name.text)));
    }
    return {};
  }

  void take_string(node_index mapping, node_index value) {
    const auto text = string_at(f_.doc, value);
    if (!text || !may_be_image(*text)) return;
    found_image image = scalar_image(f_, value, pointer_);
    const auto ref = registry::reference::parse(*text);
    if (ref) image.what.problem = part_of_split(f_, mapping, *ref);
    if (!image.what.problem.empty()) {
      image.what.reason = skip_reason::split;
      image.what.remedy = rendered_first;
    }
    image.what.pull_policy = pull_policy_beside(f_, mapping);
    add(std::move(image));
  }

  void add(found_image image) {
    image.what.object = "values";
    keep(f_, std::move(image));
  }

  finding& f_;
  std::string pointer_;
};

}  // namespace

bool is_values_file(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.starts_with("values") || name.ends_with("values.yaml") || name.ends_with("values.yml");
}

result<void> find_in_values(finding& f) { return values_search(f).take(f.doc.root, {}); }

}  // namespace pinhook::files
