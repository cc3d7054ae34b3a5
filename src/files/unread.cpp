#include <pinhook/files/unread.hpp>

#include <pinhook/files/node_access.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/json_pointer.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// Members whose content describes images, or reports them.
constexpr std::array<std::string_view, 6> passed_over{"status",  "openAPIV3Schema", "managedFields",
                                                      "example", "examples",        "$defs"};

class unread_search {
 public:
  unread_search(const source_document& doc, std::size_t document, std::set<node_index> taken)
      : doc_(doc), document_(document), taken_(std::move(taken)) {}

  // One pass over all nodes; aliases are not followed, their anchors are nodes, too.
  std::vector<unread_image> run() const {
    std::vector<unread_image> out;
    for (node_index i = 0; i < doc_.nodes.size(); ++i) {
      if (doc_.at(i).kind != source_kind::mapping) continue;
      for (node_index k = doc_.at(i).first; k != no_node; k = doc_.at(doc_.at(k).next).next)
        if (is_unread(k)) out.push_back(place_of(doc_.at(k).next));
    }
    return out;
  }

 private:
  [[nodiscard]] bool is_unread(node_index key) const {
    const node_index value = doc_.at(key).next;
    if (doc_.at(key).kind != source_kind::scalar || doc_.at(value).kind != source_kind::scalar) return false;
    // More keys than those whose images are taken (names_image): an unread one is only told.
    if (!pin::is_like_image_key(doc_.at(key).text) || taken_.contains(value)) return false;
    const auto text = string_at(doc_, value);
    return text && pin::is_whole_image(*text) && !is_passed_over(value);
  }

  [[nodiscard]] node_index key_of(node_index i) const {
    const node_index up = doc_.at(i).parent;
    if (up == no_node || doc_.at(up).kind != source_kind::mapping) return no_node;
    for (node_index k = doc_.at(up).first; k != no_node; k = doc_.at(doc_.at(k).next).next)
      if (doc_.at(k).next == i) return k;
    return no_node;
  }

  [[nodiscard]] bool is_passed_over(node_index i) const {
    for (; i != no_node; i = doc_.at(i).parent)
      if (const node_index key = key_of(i);
          key != no_node && std::ranges::find(passed_over, doc_.at(key).text) != passed_over.end())
        return true;
    return false;
  }

  [[nodiscard]] std::string pointer_to(node_index i) const {
    const node_index up = doc_.at(i).parent;
    if (up == no_node) return {};
    std::string out = pointer_to(up);
    if (doc_.at(up).kind == source_kind::mapping) {
      const node_index key = key_of(i);
      pin::append_pointer(out, key == no_node ? std::string_view() : doc_.at(key).text);
      return out;
    }
    std::size_t index = 0;
    for (node_index one = doc_.at(up).first; one != no_node && one != i; one = doc_.at(one).next) ++index;
    return out + fmt::format("/{}", index);
  }

  [[nodiscard]] unread_image place_of(node_index i) const {
    const yaml::source_node& node = doc_.at(i);
    return {document_, pointer_to(i), node.line, node.column, std::string(node.text)};
  }

  const source_document& doc_;
  std::size_t document_;
  std::set<node_index> taken_;
};

}  // namespace

std::vector<unread_image> unread_images(const yaml::source& from, std::span<const found_image> images) {
  std::vector<unread_image> out;
  for (std::size_t document = 0; document < from.documents.size(); ++document) {
    const source_document& doc = from.documents[document];
    // A text inside of another document is a value of that document.
    const auto is_inner = [&](const found_image& one) { return one.tree == document && one.slot.document != document; };
    if (std::ranges::any_of(images, is_inner)) continue;
    std::set<node_index> taken;
    for (const found_image& one : images) {
      if (one.tree != document) continue;
      for (const node_index i : {one.scalar, one.registry, one.name, one.tag, one.digest}) taken.insert(doc.resolve(i));
    }
    auto found = unread_search(doc, document, std::move(taken)).run();
    std::ranges::move(found, std::back_inserter(out));
  }
  return out;
}

}  // namespace pinhook::files
