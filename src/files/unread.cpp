#include <pinhook/files/unread.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/json_pointer.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>
#include <tuple>
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

// "--sidecar-image=acme/side:1.0" → "acme/side:1.0"; empty for any other text.
std::string_view image_of_argument(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (!text.starts_with('-') || equals == std::string_view::npos) return {};
  const std::string_view image = text.substr(equals + 1);
  return pin::is_like_image_key(text.substr(0, equals)) && pin::is_whole_image(image) ? image : std::string_view();
}

class unread_search {
 public:
  unread_search(const source_document& doc, std::size_t document, std::set<node_index> taken)
      : doc_(doc), document_(document), taken_(std::move(taken)) {}

  // One pass over all nodes; aliases are not followed, their anchors are nodes, too.
  std::vector<unread_image> run() const {
    std::vector<unread_image> out;
    for (node_index i = 0; i < doc_.nodes.size(); ++i) {
      if (doc_.at(i).kind == source_kind::mapping) {
        for (node_index k = doc_.at(i).first; k != no_node; k = doc_.at(doc_.at(k).next).next)
          if (is_unread(k)) out.push_back(place_of(doc_.at(k).next));
      } else if (doc_.at(i).kind == source_kind::sequence) {
        take_arguments(i, out);
      }
    }
    return out;
  }

  void take_arguments(node_index list, std::vector<unread_image>& out) const {
    for (node_index one = doc_.at(list).first; one != no_node; one = doc_.at(one).next) {
      if (doc_.at(one).kind != source_kind::scalar) continue;
      const std::string_view image = image_of_argument(doc_.at(one).text);
      if (image.empty() || is_passed_over(one)) continue;
      out.push_back(place_of(one));
      out.back().written = image;
    }
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

  [[nodiscard]] unread_image place_of(node_index i) const {
    const yaml::source_node& node = doc_.at(i);
    return {document_, pointer_to(i), node.line, node.column, std::string(node.text)};
  }

  const source_document& doc_;
  std::size_t document_;
  std::set<node_index> taken_;
};

// Texts of a document that hold YAML, or lines of it: values of programs that are not known, templates, scripts.
class text_search {
 public:
  text_search(const source_document& doc, std::size_t document, std::span<const found_image> images)
      : doc_(doc), document_(document), images_(images) {}

  void run(const unread_search& outer, std::vector<unread_image>& out) const {
    for (node_index i = 0; i < doc_.nodes.size(); ++i) {
      const yaml::source_node& node = doc_.at(i);
      // A lone line is a sentence.
      const bool may_be = node.kind == source_kind::scalar && (node.text.contains('\n') || node.text.starts_with('{'));
      if (!may_be || !(node.text.contains("mage") || node.text.contains("MAGE"))) continue;
      if (outer.is_passed_over(i)) continue;
      for (unread_image& one : unread_of(node.text)) {
        one.pointer.insert(0, outer.pointer_to(i));
        one.document = document_;
        if (is_found(one)) continue;
        one.line = node.form == yaml::scalar_form::literal ? node.line + one.line - 1 : node.line;
        one.column = node.column;
        out.push_back(std::move(one));
      }
    }
  }

 private:
  static std::vector<unread_image> unread_of(std::string_view text) {
    const auto read = yaml::read_source(text);
    if (!read) return unread_of_lines(text);
    std::vector<unread_image> out;
    for (std::size_t i = 0; i < read->documents.size(); ++i) {
      for (unread_image& one : unread_search(read->documents[i], i, {}).run()) {
        if (i > 0) one.pointer.insert(0, fmt::format("/{}", i));
        out.push_back(std::move(one));
      }
    }
    return out;
  }

  // `image: nginx:1.25` in a template or a script.
  static std::vector<unread_image> unread_of_lines(std::string_view text) {
    std::vector<unread_image> out;
    for (std::size_t line = 1; !text.empty(); ++line) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view one = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      const std::size_t colon = one.find(": ");
      if (colon == std::string_view::npos) continue;
      std::string_view key = one.substr(0, colon);
      if (key.starts_with("- ")) key.remove_prefix(2);
      std::string_view value = trimmed(one.substr(colon + 2));
      if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
        value = value.substr(1, value.size() - 2);
      if (pin::is_like_image_key(key) && pin::is_whole_image(value))
        out.push_back({0, {}, line, 1, std::string(value)});
    }
    return out;
  }

  // True for an image, or a part of one, that was found in the text.
  [[nodiscard]] bool is_found(const unread_image& one) const {
    const std::string_view around = std::string_view(one.pointer).substr(0, one.pointer.rfind('/'));
    return std::ranges::any_of(images_, [&](const found_image& image) {
      const std::string_view place = image.slot.form == slot_form::scalar ? std::string_view(one.pointer) : around;
      return image.slot.document == document_ && image.slot.is_in_text && image.slot.pointer == place;
    });
  }

  const source_document& doc_;
  std::size_t document_;
  std::span<const found_image> images_;
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
    const unread_search search(doc, document, std::move(taken));
    const auto behind = static_cast<std::ptrdiff_t>(out.size());
    std::ranges::move(search.run(), std::back_inserter(out));
    text_search(doc, document, images).run(search, out);
    std::ranges::sort(out.begin() + behind, out.end(), {},
                      [](const unread_image& one) { return std::tie(one.line, one.column, one.pointer); });
  }
  return out;
}

}  // namespace pinhook::files
