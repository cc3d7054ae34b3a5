#include <pinhook/files/unread.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/files/first_look.hpp>
#include <pinhook/files/full_reference.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/files/variable_images.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
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

// Members in whose texts a full reference is no image of the file: sentences, targets of builds, and images to compare
// with.
constexpr std::array<std::string_view, 6> other_texts{"description", "destination", "output",
                                                      "match",       "matchImages", "tags"};

// The values of a parameter whose `name` is that of an image, in Tekton, Argo Workflows, OpenShift's templates.
constexpr std::array<std::string_view, 3> parameter_values{"value", "default", "defaultValue"};

// "FROM nginx:1.25 AS web" → "nginx:1.25"
std::string_view image_of_instruction(std::string_view line) {
  constexpr std::string_view word = "FROM ";
  if (!line.starts_with(word)) return {};
  line.remove_prefix(word.size());
  line = line.substr(0, line.find(' '));
  return pin::is_whole_image(line) ? line : std::string_view();
}

bool is_key_of(std::span<const std::string_view> all, std::string_view key) {
  return std::ranges::find(all, key) != all.end();
}

// "--sidecar-image=acme/side:1.0" → "acme/side:1.0"; empty for any other text.
std::string_view image_of_argument(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (!text.starts_with('-') || equals == std::string_view::npos) return {};
  const std::string_view image = text.substr(equals + 1);
  return pin::is_like_image_key(text.substr(0, equals)) && pin::is_whole_image(image) ? image : std::string_view();
}

constexpr key_bits parameter_bits = bits_of(parameter_values) | key_bit(container_key);

// A lone line is a sentence.
bool may_be_lines(std::string_view text) { return text.contains('\n') || text.starts_with('{'); }

bool may_hold_lines(std::string_view text) {
  return text.contains("mage") || text.contains("MAGE") || text.contains("FROM ");
}

class unread_search {
 public:
  unread_search(const source_document& doc, std::size_t document, std::set<node_index> taken)
      : doc_(doc), document_(document), taken_(std::move(taken)) {}

  // One pass over all nodes; aliases are not followed, their anchors are nodes, too. Later calls of is_taken know the
  // nodes that were found.
  std::vector<unread_image> run() {
    std::vector<unread_image> out;
    for (node_index i = 0; i < doc_.nodes.size(); ++i) {
      if (doc_.at(i).kind == source_kind::mapping) {
        take_members(i, out);
      } else if (doc_.at(i).kind == source_kind::sequence) {
        take_items(i, out);
      }
    }
    return out;
  }

  // True for the place of an image, and of an unread one that was found.
  [[nodiscard]] bool is_taken(node_index i) const { return taken_.contains(i); }

  [[nodiscard]] bool is_passed_over(node_index i) const { return is_below(i, passed_over); }

  // True when a key on the way to the node is one of these.
  [[nodiscard]] bool is_below(node_index i, std::span<const std::string_view> keys) const {
    for (; i != no_node; i = doc_.at(i).parent)
      if (const node_index key = key_of(i); key != no_node && is_key_of(keys, doc_.at(key).text)) return true;
    return false;
  }

  // False for a key.
  [[nodiscard]] bool is_value(node_index i) const {
    const node_index up = doc_.at(i).parent;
    return up == no_node || doc_.at(up).kind != source_kind::mapping || key_of(i) != no_node;
  }

  [[nodiscard]] std::string_view key_text(node_index i) const {
    const node_index key = key_of(i);
    return key == no_node ? std::string_view() : std::string_view(doc_.at(key).text);
  }

  [[nodiscard]] std::string pointer_to(node_index i) const {
    const node_index up = doc_.at(i).parent;
    if (up == no_node) return {};
    std::string out = pointer_to(up);
    if (doc_.at(up).kind == source_kind::mapping) {
      const node_index key = key_of(i);
      append_pointer(out, key == no_node ? std::string_view() : doc_.at(key).text);
      return out;
    }
    std::size_t index = 0;
    for (node_index one = doc_.at(up).first; one != no_node && one != i; one = doc_.at(one).next) ++index;
    return out + fmt::format("/{}", index);
  }

 private:
  void take_members(node_index mapping, std::vector<unread_image>& out) {
    take_parts(mapping, out);
    take_tag(mapping, out);
    const bool may_be_parameter = (doc_.at(mapping).keys & parameter_bits) != 0;
    const auto is_parameter = [&] {
      const std::string_view name = scalar_at(doc_, doc_.find(mapping, "name"));
      return pin::is_like_image_key(name) || pin::is_image_variable(name);
    };
    for (node_index k = doc_.at(mapping).first; k != no_node; k = doc_.at(doc_.at(k).next).next) {
      const yaml::source_node& key = doc_.at(k);
      if (key.kind != source_kind::scalar) continue;
      // More keys than those whose images are taken (names_image): an unread one is only told.
      if (pin::is_like_image_key(key.text) ||
          (may_be_parameter &&
           (key.text == container_key || (is_key_of(parameter_values, key.text) && is_parameter()))))
        take_value(key.next, out);
    }
  }

  // image: {tag: v1}, whose name is the default of a chart, or of an operator.
  void take_tag(node_index mapping, std::vector<unread_image>& out) {
    const node_index tag = doc_.find(mapping, "tag");
    const std::string_view text = scalar_at(doc_, tag);
    if (text.empty() || taken_.contains(doc_.resolve(tag)) || !pin::names_image(key_text(mapping)) ||
        is_passed_over(tag))
      return;
    const auto says = [&](std::string_view key) { return !scalar_at(doc_, doc_.find(mapping, key)).empty(); };
    const auto ref = registry::reference::parse(fmt::format("a:{}", text));
    if (!ref || ref->is_pinned() || std::ranges::any_of(pin::digest_keys, says) ||
        std::ranges::any_of(pin::repository_keys, says) || says(pin::image_key))
      return;
    take(tag, out);
    out.back().written = fmt::format(":{}", text);
  }

  // {repository: acme/web, tag: v1}
  void take_parts(node_index mapping, std::vector<unread_image>& out) {
    const node_index name = doc_.find(mapping, "repository");
    if (name == no_node) return;
    const auto repository = string_at(doc_, name);
    const std::string_view tag = scalar_at(doc_, doc_.find(mapping, "tag"));
    if (!repository || tag.empty() || taken_.contains(doc_.resolve(name)) || pin::is_repository_address(*repository))
      return;
    std::string image = fmt::format("{}:{}", *repository, tag);
    if (!pin::is_whole_image(image) || !repository->contains('/') || is_passed_over(name)) return;
    take(name, out);
    out.back().written = std::move(image);
  }

  // Arguments, and the items of a list whose key is that of images.
  void take_items(node_index list, std::vector<unread_image>& out) {
    const std::string_view key = key_of_list(list);
    const bool has_images = pin::is_like_image_key(key) || pin::is_image_list_key(key);
    // Cloud Build's list of what it pushes.
    const bool is_built =
        key == "images" && doc_.at(list).parent == doc_.root && doc_.find(doc_.root, "steps") != no_node;
    std::string_view before;
    for (node_index one = doc_.at(list).first; one != no_node; one = doc_.at(one).next) {
      if (doc_.at(one).kind != source_kind::scalar) continue;
      if (is_built) {
        taken_.insert(one);
        continue;
      }
      const std::string_view text = doc_.at(one).text;
      // "--sidecar-image", "acme/side:1.0"
      const bool is_argument = before.starts_with('-') && pin::is_like_image_key(before);
      if (has_images || is_argument) take_value(one, out);
      before = text;
      const std::string_view image = image_of_argument(text);
      if (image.empty() || is_passed_over(one)) continue;
      take(one, out);
      out.back().written = image;
    }
  }

  // Where a mapping is known to have no key but scalars, the key of a collection is the node before it.
  [[nodiscard]] std::string_view key_of_list(node_index list) const {
    const node_index up = doc_.at(list).parent;
    if (up == no_node || doc_.at(up).kind != source_kind::mapping) return {};
    return doc_.at(up).keys == all_keys ? key_text(list) : doc_.at(list - 1).text;
  }

  void take_value(node_index value, std::vector<unread_image>& out) {
    if (doc_.at(value).kind != source_kind::scalar || taken_.contains(value)) return;
    const auto text = string_at(doc_, value);
    if (text && pin::is_whole_image(*text) && !is_passed_over(value)) take(value, out);
  }

  void take(node_index i, std::vector<unread_image>& out) {
    taken_.insert(i);
    out.push_back(place_of(i));
  }

  // The key of a value of a mapping; no_node for others, keys too. Known for all at once: a mapping may be large.
  [[nodiscard]] node_index key_of(node_index i) const {
    if (keys_.empty()) {
      keys_.assign(doc_.nodes.size(), no_node);
      for (const yaml::source_node& one : doc_.nodes) {
        if (one.kind != source_kind::mapping) continue;
        for (node_index k = one.first; k != no_node; k = doc_.at(doc_.at(k).next).next) keys_[doc_.at(k).next] = k;
      }
    }
    return keys_[i];
  }

  [[nodiscard]] unread_image place_of(node_index i) const {
    const yaml::source_node& node = doc_.at(i);
    return {document_, pointer_to(i), node.line, node.column, std::string(node.text)};
  }

  const source_document& doc_;
  std::size_t document_;
  std::set<node_index> taken_;
  mutable std::vector<node_index> keys_;
};

// Texts of a document that hold YAML, or lines of it: values of programs that are not known, templates, scripts; and
// texts with full references.
class text_search {
 public:
  // `images`: those of the document, with those of texts in it.
  text_search(const source_document& doc, std::size_t document, std::span<const found_image> images)
      : doc_(doc), document_(document) {
    for (const found_image& one : images) {
      if (!one.slot.is_in_text) continue;
      found_.insert(one.slot.written);
      (one.slot.form == slot_form::scalar ? scalars_ : parts_).insert(one.slot.pointer);
    }
  }

  void run(const unread_search& outer, std::vector<unread_image>& out) const {
    node_index next = 0;
    for (const yaml::source_node& node : doc_.nodes) {
      const node_index i = next++;
      // Most texts are neither lines nor references.
      if (node.kind != source_kind::scalar || node.is_word) continue;
      if (!may_be_lines(node.text) && !node.text.contains('/')) continue;
      if (outer.is_taken(i)) continue;
      std::set<std::string> seen;
      take_lines(i, outer, seen, out);
      take_references(i, outer, std::move(seen), out);
    }
  }

 private:
  // Adds what it saw to `seen`, images that were found included.
  void take_lines(node_index i, const unread_search& outer, std::set<std::string>& seen,
                  std::vector<unread_image>& out) const {
    const yaml::source_node& node = doc_.at(i);
    if (!may_be_lines(node.text) || !may_hold_lines(node.text) || outer.is_passed_over(i)) return;
    for (unread_image& one : unread_of(node.text)) {
      one.pointer.insert(0, outer.pointer_to(i));
      one.document = document_;
      seen.insert(one.written);
      if (is_found(one)) continue;
      one.line = node.form == yaml::scalar_form::literal ? node.line + one.line - 1 : node.line;
      one.column = node.column;
      out.push_back(std::move(one));
    }
  }

  // A key is a scalar, too, and has no key: only values have images.
  void take_references(node_index i, const unread_search& outer, std::set<std::string> seen,
                       std::vector<unread_image>& out) const {
    const yaml::source_node& node = doc_.at(i);
    const auto references = full_references(node.text);
    if (references.empty() || !outer.is_value(i) || outer.is_passed_over(i) || outer.is_below(i, other_texts)) return;
    const bool is_literal = node.form == yaml::scalar_form::literal;
    const std::string pointer = outer.pointer_to(i);
    std::size_t line = node.line;
    std::size_t at = 0;
    for (const full_reference& one : references) {
      const auto before = std::string_view(node.text).substr(at, one.offset - at);
      if (is_literal) line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
      at = one.offset;
      std::string written(one.written);
      if (found_.contains(written) || !seen.insert(written).second) continue;
      out.push_back({document_, pointer, line, node.column, std::move(written)});
    }
  }

  static std::vector<unread_image> unread_of(std::string_view text) {
    const auto read = yaml::read_source(text);
    const auto is_sentence = [](const source_document& doc) {
      return doc.root == no_node || doc.at(doc.root).kind == source_kind::scalar;
    };
    // A script may be read as one scalar.
    if (!read || std::ranges::all_of(read->documents, is_sentence)) return unread_of_lines(text);
    std::vector<unread_image> out;
    for (std::size_t i = 0; i < read->documents.size(); ++i) {
      unread_search inner(read->documents[i], i, {});
      for (unread_image& one : inner.run()) {
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
      if (const std::string_view base = image_of_instruction(one); !base.empty()) {
        out.push_back({0, {}, line, 1, std::string(base)});
        continue;
      }
      // "image: nginx:1.25", "export WEB_IMAGE=nginx:1.25"
      const std::size_t sign = std::min(one.find(": "), one.find('='));
      if (sign == std::string_view::npos) continue;
      std::string_view key = one.substr(0, sign);
      for (const std::string_view begin : {"- ", "export "})
        if (key.starts_with(begin)) key.remove_prefix(begin.size());
      std::string_view value = trimmed(one.substr(sign + 1));
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
    return scalars_.contains(one.pointer) || parts_.contains(around);
  }

  const source_document& doc_;
  std::size_t document_;
  // The images inside of texts: as they are written, and the pointers to strings and to the mappings of parts.
  std::set<std::string> found_;
  std::set<std::string_view, std::less<>> scalars_;
  std::set<std::string_view, std::less<>> parts_;
};

}  // namespace

std::vector<unread_image> unread_images(const yaml::source& from, std::string_view text,
                                        std::span<const found_image> images) {
  std::vector<unread_image> out;
  // A text inside of another document is a value of that document.
  std::vector<bool> is_inner(from.documents.size());
  for (const found_image& one : images)
    if (one.tree != one.slot.document) is_inner[one.tree] = true;
  for (std::size_t document = 0; document < from.documents.size(); ++document) {
    const source_document& doc = from.documents[document];
    if (is_inner[document]) continue;
    const auto range =
        std::ranges::equal_range(images, document, {}, [](const found_image& one) { return one.slot.document; });
    const std::span<const found_image> own(range.begin(), range.end());
    std::set<node_index> taken;
    for (const found_image& one : own) {
      if (one.tree != document) continue;
      for (const node_index i : {one.scalar, one.registry, one.name, one.tag, one.digest})
        if (i != no_node) taken.insert(taken.end(), doc.resolve(i));
    }
    unread_search search(doc, document, std::move(taken));
    const auto behind = static_cast<std::ptrdiff_t>(out.size());
    if (text.empty() || may_name_more(text, doc, own)) std::ranges::move(search.run(), std::back_inserter(out));
    text_search(doc, document, own).run(search, out);
    add_images_of_variables(doc, document, own, out);
    std::ranges::sort(out.begin() + behind, out.end(), {},
                      [](const unread_image& one) { return std::tie(one.line, one.column, one.pointer); });
  }
  return out;
}

}  // namespace pinhook::files
