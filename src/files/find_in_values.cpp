// Helm values: mappings with `repository` and `tag` or `digest`, and strings under a key `image`, `initImage` and the
// like, or in a list `images`. Charts share only these names, so the search follows their usage, and values that are
// evidently not images are left out.
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/filled_in.hpp>
#include <pinhook/files/image_guess.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/image_keys.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

// The meaning of a node by its place.
enum class key_meaning : std::uint8_t {
  other,
  image,   // under a key `image` and the like
  images,  // under `images`, or an item of it
};

key_meaning meaning_of(std::string_view key, bool names_image) {
  if (names_image) return key_meaning::image;
  return pin::is_image_list_key(key) ? key_meaning::images : key_meaning::other;
}

// Parts of images that may stand beside whole images in a mapping `images`.
constexpr std::array<std::string_view, 6> image_part_keys{"registry",   "hub", "imageRegistry",
                                                          "repository", "tag", "digest"};

// True when two keys of the mapping are the same.
bool has_twice(const yaml::source_document& doc, node_index mapping) {
  // In most mappings each key has a bit of its own.
  key_bits bits = 0;
  int count = 0;
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (const yaml::source_node& key = doc.at(doc.resolve(k)); key.kind == source_kind::scalar) {
      bits |= key_bit(key.text);
      ++count;
    }
  if (std::popcount(bits) == count) return false;
  std::vector<std::string_view> keys;
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (const yaml::source_node& key = doc.at(doc.resolve(k)); key.kind == source_kind::scalar)
      keys.push_back(key.text);
  // By their length, so that few texts are compared.
  std::ranges::sort(
      keys, [](std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return std::ranges::adjacent_find(keys) != keys.end();
}

// A text under `image` is taken when it can be one; a text elsewhere only when it shows that it is one.
bool is_taken_text(std::string_view key, std::string_view text) {
  if (is_built_later(text)) return true;
  if (key == pin::image_key) return may_be_image(text);
  return pin::is_whole_image(text) || (may_be_image(text) && is_filled_in(text));
}

class values_search {
 public:
  values_search(image_search& in, const owned_part& part) : in_(in), part_(part), pointer_(part.pointer) {}

  // The reader's limit of nesting also limits this recursion: aliases are not followed, since their anchors are visited
  // anyway.
  result<void> take(node_index i, key_meaning at, node_index around) {
    if (in_.doc.at(i).kind == source_kind::mapping) return take_mapping(i, at);
    if (in_.doc.at(i).kind != source_kind::sequence) return {};
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = in_.doc.at(i).first; one != no_node; one = in_.doc.at(one).next, ++index) {
      pointer_ += fmt::format("/{}", index);
      if (at == key_meaning::images) take_string(around, {}, one);
      if (auto ok = take(one, at == key_meaning::images ? key_meaning::image : key_meaning::other, around); !ok)
        return ok;
      pointer_.resize(size);
    }
    return {};
  }

 private:
  result<void> take_mapping(node_index i, key_meaning at) {
    auto image = values_image(in_, i, pointer_, at == key_meaning::image);
    if (!image) return fail(std::move(image.error()));
    const bool is_image = image->has_value();
    if (is_image) keep(in_, part_, std::move(**image));
    const auto taken = take_beside_tags(i, is_image);
    if (!taken) return fail(taken.error());
    take_variable(i);
    const std::size_t size = pointer_.size();
    // For each key, whether it led to an image, where one is there twice.
    std::map<std::string_view, bool> seen;
    const bool is_any_twice = has_twice(in_.doc, i);
    for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const yaml::source_node& name = in_.doc.at(in_.doc.resolve(k));
      if (name.kind != source_kind::scalar) continue;
      const std::size_t before = in_.images.size();
      append_pointer(pointer_, name.text);
      const bool is_item =
          at == key_meaning::images && std::ranges::find(image_part_keys, name.text) == image_part_keys.end();
      const bool names_image = pin::names_image(name.text);
      if ((names_image || is_item) && !taken->contains(name.text)) take_string(i, name.text, in_.doc.at(k).next);
      const key_meaning inner = meaning_of(name.text, names_image);
      if (auto ok = take(in_.doc.at(k).next, is_item && inner == key_meaning::other ? key_meaning::image : inner, i);
          !ok)
        return ok;
      pointer_.resize(size);
      if (!is_any_twice) continue;
      const auto [first, is_new] = seen.emplace(name.text, false);
      first->second = first->second || in_.images.size() > before;
      if (!is_new && first->second) return refuse_at(in_.doc.at(k), fmt::format("duplicate key {}", quoted(name.text)));
    }
    return {};
  }

  // Takes strings `image`, `initImage` whose tag is beside them; returns their keys.
  result<std::set<std::string_view>> take_beside_tags(node_index i, bool is_image) {
    std::set<std::string_view> out;
    for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const std::string_view key = scalar_at(in_.doc, k);
      if (!pin::names_image(key) || (is_image && key == pin::image_key)) continue;
      const auto text = string_at(in_.doc, in_.doc.at(k).next);
      if (!text || !may_be_image(*text) || !pin::is_without_tag(*text)) continue;
      auto image = image_beside_tag(in_, i, key, pointer_);
      if (!image) return fail(std::move(image.error()));
      if (!*image || !out.insert(key).second) continue;
      keep(in_, part_, std::move(**image));
    }
    return out;
  }

  // {name: RELATED_IMAGE_WORKER, value: acme/worker:1.0}
  void take_variable(node_index i) {
    const node_index value = image_of_variable(in_.doc, i);
    if (value == no_node) return;
    const std::size_t size = pointer_.size();
    pointer_ += "/value";
    take_string(i, {}, value);
    pointer_.resize(size);
  }

  void take_string(node_index mapping, std::string_view key, node_index value) {
    const auto text = string_at(in_.doc, value);
    if (!text || !is_taken_text(key, *text)) return;
    found_image image = scalar_image(in_, value, pointer_);
    const auto ref = registry::reference::parse(*text);
    if (ref) image.slot.problem = part_of_split(in_, mapping, key, *ref);
    if (!image.slot.problem.empty()) {
      image.slot.reason = skip_reason::split;
      image.slot.remedy = rendered_first;
    }
    image.slot.is_guess = key != pin::image_key || (ref && ref->tag().empty() && !ref->is_pinned());
    image.slot.pull_policy = pull_policy_beside(in_, mapping);
    keep(in_, part_, std::move(image));
  }

  image_search& in_;
  const owned_part& part_;
  std::string pointer_;
};

}  // namespace

bool is_values_file(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.starts_with("values") || name.ends_with("values.yaml") || name.ends_with("values.yml");
}

node_index image_of_variable(const yaml::source_document& doc, node_index mapping) {
  const auto name = string_at(doc, doc.find(mapping, "name"));
  const node_index value = doc.find(mapping, "value");
  const auto text = string_at(doc, value);
  return name && text && pin::is_image_variable(*name) && pin::is_whole_image(*text) ? value : no_node;
}

result<void> find_in_values(image_search& in, const owned_part& part) {
  values_scopes outer = std::exchange(in.scopes, values_scopes(part.root));
  auto out = values_search(in, part).take(part.root, key_meaning::other, no_node);
  in.scopes = std::move(outer);
  return out;
}

}  // namespace pinhook::files
