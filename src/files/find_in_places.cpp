// Helm values and images for kustomize inside of objects (values_places.hpp).
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/values_overrides.hpp>
#include <pinhook/files/values_places.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/pin/path.hpp>
#include <pinhook/yaml/embedded.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

// The last part of a parameter's name, "image.tag", and the part of the image that its value is.
constexpr std::array<std::pair<std::string_view, node_index found_image::*>, 7> parameter_parts{
    {{"repository", &found_image::name},
     {"repo", &found_image::name},
     {"registry", &found_image::registry},
     {"tag", &found_image::tag},
     {"digest", &found_image::digest},
     {"sha256", &found_image::digest},
     {"sha", &found_image::digest}}};

struct parameter {
  std::string_view name;
  node_index key = no_node;
  node_index value = no_node;

  /// "image" and "tag" of "image.tag".
  [[nodiscard]] std::string_view begin() const {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  [[nodiscard]] std::string_view last() const { return name.substr(name.rfind('.') + 1); }  // npos + 1 is 0
};

template <class Table>
bool holds(const Table& of, std::string_view key) {
  return std::ranges::find(of, key) != of.end();
}

// True for values around those of the name, as in the mappings of a file: "global", "web" of "web.image".
bool is_around(std::string_view begin, std::string_view name) {
  return begin.empty() || begin == "global" || begin == "global.image" ||
         (name.starts_with(begin) && name.substr(begin.size()).starts_with('.'));
}

class place_search {
 public:
  place_search(image_search& in, const owned_part& owner) : in_(in), owner_(owner) {}

  result<void> take(node_index at, values_form form, const std::string& pointer) {
    at = in_.doc.resolve(at);
    owned_part part{at, pointer, owner_.owner};
    switch (form) {
      case values_form::object:
        return take_values(part);
      case values_form::text:
        take_text(part);
        return {};
      case values_form::objects:
        find_in_text(in_, at, part, text_form::objects);
        return {};
      case values_form::parameters:
        take_parameters(part, listed(at));
        return {};
      case values_form::pairs:
        take_parameters(part, paired(at));
        return {};
      case values_form::image_strings:
        take_image_strings(part);
        return {};
      case values_form::entries:
        return in_.doc.at(at).kind == source_kind::mapping ? find_in_entries(in_, at, pointer) : result<void>();
    }
    return {};
  }

 private:
  result<void> take_values(const owned_part& part) {
    const std::size_t before = in_.images.size();
    auto ok = find_in_values(in_, part);
    values_overrides(in_.doc, part.root).settle(in_.doc, part.root, part.pointer, in_.images, before);
    return ok;
  }

  void take_text(const owned_part& part) {
    const std::size_t before = in_.inner.size();
    find_in_text(in_, part.root, part, text_form::values);
    const values_overrides overrides(in_.doc, part.root);
    for (std::size_t i = before; i < in_.inner.size(); ++i)
      for (std::size_t k = 0; k < in_.inner[i].images.size(); ++k) {
        const yaml::source_document& doc = in_.inner[i].from.documents[k];
        overrides.settle(doc, doc.root, part.pointer, in_.inner[i].images[k], 0);
      }
  }

  [[nodiscard]] std::vector<parameter> listed(node_index list) const {
    std::vector<parameter> out;
    if (in_.doc.at(list).kind != source_kind::sequence) return out;
    for (node_index one = in_.doc.at(list).first; one != no_node; one = in_.doc.at(one).next) {
      const auto name = string_at(in_.doc, in_.doc.find(one, "name"));
      const auto value = member_of(in_.doc, one, "value");
      if (name && value && value->value != no_node) out.push_back({*name, value->key, value->value});
    }
    return out;
  }

  [[nodiscard]] std::vector<parameter> paired(node_index mapping) const {
    std::vector<parameter> out;
    if (in_.doc.at(mapping).kind != source_kind::mapping) return out;
    for (node_index k = in_.doc.at(mapping).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next)
      if (const std::string_view name = scalar_at(in_.doc, k); !name.empty())
        out.push_back({name, k, in_.doc.at(k).next});
    return out;
  }

  // Those that may be other parts of images: a few.
  [[nodiscard]] std::vector<parameter> other_parts_of(const std::vector<parameter>& all) const {
    std::vector<parameter> out;
    for (const parameter& one : all) {
      const std::string_view last = one.last();
      const auto* known = std::ranges::find(pin::outer_part_keys, last, [](const auto& key) { return key.first; });
      const bool is_outer = known != pin::outer_part_keys.end() && known->second != part_kind::tag;
      const bool is_other = holds(pin::other_parts, last) || holds(pin::hinted_parts, last);
      if ((is_outer || is_other || holds(pin::extension_keys, last)) && !scalar_at(in_.doc, one.value).empty())
        out.push_back(one);
    }
    return out;
  }

  // Parameters with the same begin of their names are parts of one image.
  void take_parameters(const owned_part& part, const std::vector<parameter>& parameters) {
    std::vector<std::pair<std::string_view, found_image>> images;
    std::map<std::string_view, std::size_t> place_of;
    const std::vector<parameter> all = other_parts_of(parameters);
    beside_.emplace(in_.doc, part.root);
    for (const parameter& one : parameters) {
      const std::string_view last = one.last();
      const auto known = std::ranges::find(parameter_parts, last, [](const auto& p) { return p.first; });
      if (known == parameter_parts.end()) {
        take_whole(part, one, all);
        continue;
      }
      const auto [at, is_new] = place_of.emplace(one.begin(), images.size());
      if (is_new) images.emplace_back(one.begin(), found_image());
      found_image& image = images[at->second].second;
      image.*known->second = one.value;
      if (known->second == &found_image::tag) image.tag_key = one.key;
      if (known->second != &found_image::digest) continue;
      image.digest_key = one.key;
      image.is_hex_digest = last.starts_with("sha");
    }
    for (auto& [name, image] : images)
      if (!scalar_at(in_.doc, image.name).empty()) take_parts(part, name, std::move(image), all);
  }

  // The problem of a parameter that may be another part of the image `name`, as values_image has it for the mappings of
  // a file. Empty: there is none.
  [[nodiscard]] std::string other_part(const std::vector<parameter>& all, std::string_view name,
                                       const found_image& image) const {
    const std::string_view repository = scalar_at(in_.doc, image.name);
    const bool has_registry = image.slot.form == slot_form::scalar && pin::names_registry(image.slot.written);
    for (const parameter& one : all) {
      const std::string_view text = scalar_at(in_.doc, one.value);
      if (one.value == image.registry) continue;
      const bool is_beside = one.begin() == name;
      const auto* known =
          std::ranges::find(pin::outer_part_keys, one.last(), [](const auto& key) { return key.first; });
      const bool is_known = known != pin::outer_part_keys.end() && (is_beside || is_around(one.begin(), name));
      if (is_known && known->second == part_kind::registry && text != scalar_at(in_.doc, image.registry) &&
          !has_registry)
        return fmt::format("the chart decides whether {}, {}, is part of its name", one.name, quoted(text));
      const bool is_part = is_beside && (holds(pin::other_parts, one.last()) || holds(pin::hinted_parts, one.last()) ||
                                         (holds(pin::extension_keys, one.last()) && !repository.empty() &&
                                          pin::may_extend(repository, one.last(), text)));
      if (is_part || (is_known && known->second == part_kind::affix))
        return fmt::format("the chart may put {} before or after it", one.name);
    }
    return {};
  }

  static void leave(slot& s, std::string problem) {
    if (problem.empty() || s.reason != skip_reason::none || !s.problem.empty()) return;
    s.problem = std::move(problem);
    s.remedy = rendered_first;
    // A digest stays, but its tag is not resolved again.
    if (!s.written.contains('@')) s.reason = skip_reason::split;
  }

  // {name: sidecar.image, value: acme/side:1.0}
  void take_whole(const owned_part& part, const parameter& one, const std::vector<parameter>& all) {
    const auto text = string_at(in_.doc, one.value);
    if (!text || !pin::names_image(one.last()) || !pin::is_whole_image(*text)) return;
    found_image image = scalar_image(in_, one.value, pointer_to(in_.doc, part, one.value));
    image.slot.name = one.name;
    image.slot.is_guess = one.last() != pin::image_key;
    leave(image.slot, other_part(all, one.begin(), image));
    if (!pin::names_registry(image.slot.written)) leave(image.slot, problem_in_values(one.begin()));
    keep(in_, part, std::move(image));
  }

  [[nodiscard]] std::string problem_in_values(std::string_view name) {
    const std::string path = beside_ ? beside_->part_of(name) : std::string();
    return path.empty() ? path : fmt::format("the chart may put {} of the values before or after it", path);
  }

  void take_parts(const owned_part& part, std::string_view name, found_image image, const std::vector<parameter>& all) {
    image.mapping = part.root;
    complete_values(in_, image, part.pointer);
    image.slot.name = name;
    leave(image.slot, other_part(all, name, image));
    if (image.registry == no_node) leave(image.slot, problem_in_values(name));
    image.slot.is_guess = name.empty() || !pin::names_image(name.substr(name.rfind('.') + 1));
    keep(in_, part, std::move(image));
  }

  // "NAME=NEW:TAG", "NEW:TAG", "NAME=NEW@DIGEST"; tag and digest together are not taken (kustomize/commands/edit/set).
  void take_image_strings(const owned_part& part) {
    if (in_.doc.at(part.root).kind != source_kind::sequence) return;
    std::size_t index = 0;
    for (node_index one = in_.doc.at(part.root).first; one != no_node; one = in_.doc.at(one).next, ++index) {
      const auto text = string_at(in_.doc, one);
      if (!text || text->empty()) continue;
      found_image image = scalar_image(in_, one, fmt::format("{}/{}", part.pointer, index));
      const std::size_t behind = text->find('=') + 1;  // npos + 1 is 0
      image.before = text->substr(0, behind);
      image.slot.written = text->substr(behind);
      image.slot.format = pin::pin_format::digest;
      const image_parts written = split_image(image.slot.written);
      if (written.tag.empty() && written.digest.empty()) image.slot.reason = skip_reason::no_tag_here;
      keep(in_, part, std::move(image));
    }
  }

  image_search& in_;
  const owned_part& owner_;
  /// What stands beside the parameters.
  std::optional<values_beside> beside_;
};

}  // namespace

result<void> find_in_places(image_search& in, const owned_part& owner, const object_type& type,
                            std::set<node_index>& searched) {
  for (const place_in_object& one : values_places()) {
    if (one.kind != type.kind || one.group != type.group) continue;
    const auto path = pin::parse_path(one.path);
    if (!path) return fail(path.error());
    std::string pointer = owner.pointer;
    const auto take = [&](node_index at) {
      if (one.form != values_form::entries) searched.insert(at);
      return place_search(in, owner).take(at, one.form, pointer);
    };
    if (auto ok = follow_path(in, owner.root, *path, pointer, take); !ok) return ok;
  }
  return {};
}

}  // namespace pinhook::files
