#include <pinhook/files/pod_nodes.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/pin/own_labels.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::files {
namespace {

using pin::container_type;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view merge_sign = "<<";

// Keys with the node of each one's value.
template <std::size_t Count>
struct read_keys {
  std::array<std::string_view, Count> names;
  std::array<node_index, Count> values{};
};

// Those of a pod spec that read_object takes once: the lists of images first.
constexpr std::size_t list_count = 4;
constexpr std::array<container_type, list_count> list_types{container_type::container, container_type::init_container,
                                                            container_type::ephemeral_container,
                                                            container_type::image_volume};
constexpr std::array<std::string_view, 7> spec_keys{"containers",    "initContainers",   "ephemeralContainers",
                                                    "volumes",       "imagePullSecrets", "serviceAccountName",
                                                    "serviceAccount"};

class pod_reader {
 public:
  pod_reader(const source_document& doc, node_index object) : doc_(doc), object_(object) {}

  bool read(const pin::place& at) {
    if (at.holds != pin::holding::pod_template && at.holds != pin::holding::pod_spec) return false;
    return take_labels() && follow(at);
  }

  pod_images take() { return std::move(out_); }

 private:
  [[nodiscard]] bool is(node_index i, source_kind kind) const { return i != no_node && doc_.at(i).kind == kind; }

  // The text of a string; empty for anything else.
  [[nodiscard]] std::string_view text_at(node_index i) const { return string_at(doc_, i).value_or(std::string_view()); }

  // Finds the values of these keys. False when one of them is there twice, or the mapping merges others.
  template <std::size_t Count>
  bool find(node_index mapping, read_keys<Count>& keys) const {
    keys.values.fill(no_node);
    const yaml::source_node& all = doc_.at(mapping);
    if ((all.keys & (bits_of(keys.names) | key_bit(merge_sign))) == 0) return true;
    for (node_index k = all.first; k != no_node;) {
      const yaml::source_node& key = doc_.at(k);
      const node_index value = key.next;
      k = doc_.at(value).next;
      if (key.kind != source_kind::scalar) continue;
      if (key.text == merge_sign) return false;
      for (std::size_t i = 0; i < Count; ++i) {
        if (key.text != keys.names[i]) continue;
        if (keys.values[i] != no_node) return false;
        keys.values[i] = value;
      }
    }
    return true;
  }

  bool take_labels() {
    read_keys<1> object{{"metadata"}};
    if (!find(object_, object)) return false;
    if (!is(object.values[0], source_kind::mapping)) return true;
    read_keys<3> metadata{{"labels", "annotations", "ownerReferences"}};
    if (!find(object.values[0], metadata)) return false;
    const auto& [labels, annotations, owners] = metadata.values;
    read_keys<1> own_labels{{pin::pin_label}};
    if (is(labels, source_kind::mapping)) {
      if (!find(labels, own_labels)) return false;
      out_.pin_label = text_at(own_labels.values[0]);
    }
    read_keys<3> own_annotations{{pin::pins_annotation, pin::updates_annotation, pin::refresh_annotation}};
    return !is(annotations, source_kind::mapping) || find(annotations, own_annotations);
  }

  bool follow(const pin::place& to) {
    node_index at = object_;
    std::string pointer;
    for (const pin::path_step& step : to.path) {
      if (step.type != pin::path_step::kind::member) return false;
      if (!take_step(step.name, at, pointer)) return false;
    }
    if (to.holds == pin::holding::pod_template && !take_step("spec", at, pointer)) return false;
    return !is(at, source_kind::mapping) || take_spec(at, pointer);
  }

  // Goes on to a member, or to no_node where there is none.
  bool take_step(std::string_view name, node_index& at, std::string& pointer) const {
    read_keys<1> member{{name}};
    member.values.fill(no_node);
    if (is(at, source_kind::mapping) && !find(at, member)) return false;
    at = member.values[0];
    append_pointer(pointer, name);
    return true;
  }

  bool take_spec(node_index spec, const std::string& pointer) {
    read_keys<spec_keys.size()> keys{spec_keys};
    if (!find(spec, keys)) return false;
    // Nodes come in the order of the text.
    std::array<std::size_t, list_count> order{0, 1, 2, 3};
    std::ranges::sort(order, {}, [&](std::size_t i) { return keys.values[i]; });
    for (const std::size_t i : order)
      if (is(keys.values[i], source_kind::sequence) &&
          !take_list(keys.values[i], pointer + "/" + std::string(spec_keys[i]), list_types[i]))
        return false;
    return true;
  }

  bool take_list(node_index list, const std::string& pointer, container_type type) {
    std::size_t index = 0;
    for (node_index one = doc_.at(list).first; one != no_node; one = doc_.at(one).next, ++index) {
      if (!is(one, source_kind::mapping)) continue;
      pod_image image{.pointer = pointer + "/" + std::to_string(index), .type = type};
      if (!(type == container_type::image_volume ? take_volume(one, image) : take_container(one, image))) return false;
      image.image = text_at(image.node);
      if (image.image.empty()) continue;
      if (out_.images.size() == pin::max_slots) return false;
      out_.images.push_back(std::move(image));
    }
    return true;
  }

  bool take_container(node_index at, pod_image& into) const {
    read_keys<3> keys{{"image", "name", "imagePullPolicy"}};
    if (!find(at, keys)) return false;
    take_texts(keys, into);
    into.pointer += "/image";
    return true;
  }

  bool take_volume(node_index at, pod_image& into) const {
    read_keys<2> volume{{"image", "name"}};
    if (!find(at, volume)) return false;
    if (!is(volume.values[0], source_kind::mapping)) return true;
    read_keys<2> keys{{"reference", "pullPolicy"}};
    if (!find(volume.values[0], keys)) return false;
    take_texts(read_keys<3>{{}, {keys.values[0], volume.values[1], keys.values[1]}}, into);
    into.pointer += "/image/reference";
    return true;
  }

  // Image, name and pull policy.
  void take_texts(const read_keys<3>& keys, pod_image& into) const {
    into.node = keys.values[0];
    into.container = text_at(keys.values[1]);
    into.pull_policy = text_at(keys.values[2]);
  }

  const source_document& doc_;
  node_index object_;
  pod_images out_;
};

}  // namespace

std::optional<pod_images> read_pod_nodes(const source_document& doc, node_index object,
                                         std::span<const pin::place> places) {
  if (places.size() != 1 || !pin::are_by_name(places)) return std::nullopt;
  pod_reader reader(doc, object);
  if (!reader.read(places.front())) return std::nullopt;
  return reader.take();
}

}  // namespace pinhook::files
