#include <pinhook/files/kustomization.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/added_mark.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/kustomization_name.hpp>
#include <pinhook/files/rewrite_scalar.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;
using yaml::source_node;

constexpr std::string_view file_name = "kustomization.yaml";
constexpr std::string_view group = "kustomize.config.k8s.io";
constexpr std::array<std::string_view, 3> resource_keys{"resources", "bases", "components"};

// True for a resource that kustomize clones (api/internal/git/repospec.go) or fetches instead of opening it.
bool is_remote(std::string_view resource) {
  static constexpr std::array<std::string_view, 6> heads{"git::", "git@", "gh:", "github.com/", "github.com:", "ssh:"};
  return resource.contains("://") || resource.contains("?ref=") || resource.contains("?version=") ||
         resource.contains(".git/") || resource.ends_with(".git") || resource.contains("_git/") ||
         std::ranges::any_of(heads, [&](std::string_view head) { return resource.starts_with(head); });
}

template <class Take>
void for_each_item(const source_document& doc, std::string_view key, Take take) {
  const node_index list = doc.resolve(doc.find(doc.root, key));
  if (list == no_node || doc.at(list).kind != source_kind::sequence) return;
  for (node_index one = doc.at(list).first; one != no_node; one = doc.at(one).next) take(one);
}

std::string quoted_string(std::string_view text) { return fmt::format("\"{}\"", text); }

// Writes entries with tags into a text; `image_file` pins them afterwards.
class entry_writer {
 public:
  entry_writer(std::string_view text, const std::vector<new_entry>& entries) : text_(text), entries_(entries) {
    const auto at = text.find('\n');
    if (at != std::string_view::npos && at > 0 && text[at - 1] == '\r') line_break_ = "\r\n";
  }

  // The edit for a text without a mapping.
  [[nodiscard]] yaml::edit whole() const {
    const bool starts_line = text_.empty() || is_break(text_.back());
    std::string out = starts_line ? std::string() : line_break_;
    out += "images:" + block(0, 2) + line_break_;
    return {{text_.size(), text_.size()}, std::move(out)};
  }

  // Writes the tag of an entry without one: in the place of an empty tag, else after the name.
  [[nodiscard]] result<yaml::edit> fill(const source_document& doc, node_index item, const new_entry& e) const {
    const auto name = member_of(doc, item, "name");
    const auto new_name = member_of(doc, item, "newName");
    const auto tag = member_of(doc, item, "newTag");
    for (const auto* one : {&name, &new_name, &tag})
      if (!*one) return fail(one->error());
    const member& place = tag->key != no_node ? *tag : new_name->key != no_node ? *new_name : *name;
    if (place.key == no_node || doc.at(place.key).parent != item)
      return fail(
          error_code::invalid_input,
          fmt::format(
              "line {}: the entry of `images` is shared with another place; write newTag: {} into a separate entry",
              doc.at(item).line, tag_of(e)));
    const source_node& key = doc.at(place.key);
    const source_node& value = doc.at(place.value);
    if (tag->key != no_node)
      return yaml::edit{value.span, rewritten_scalar(value, text_, e.ref.effective_tag(), plain_rule::string)};
    if (doc.at(item).is_flow)
      return yaml::edit{{value.span.end, value.span.end},
                        is_json(doc) ? fmt::format(R"(, "newTag": "{}")", e.ref.effective_tag())
                                     : fmt::format(", newTag: {}", tag_of(e))};
    const std::size_t at = line_end(value.span.begin, value.span.end);
    return yaml::edit{{at, at},
                      fmt::format("{}{:{}}newTag: {}{}", line_break_, "", key.column - 1, tag_of(e),
                                  added_mark(added_part::tag, e.ref.effective_tag()))};
  }

  [[nodiscard]] result<std::vector<yaml::edit>> into(const source_document& doc) const {
    const source_node& root = doc.at(doc.root);
    const auto images = member_of(doc, doc.root, "images");
    if (!images) return fail(images.error());
    const node_index list = doc.resolve(images->value);
    if (list == no_node) return root.is_flow ? flow_key(doc) : block_key(doc);
    const source_node& value = doc.at(list);
    const bool is_list = value.kind == source_kind::sequence;
    if (!is_list && !doc.is_null(list))
      return fail(error_code::malformed,
                  fmt::format("line {}, column {}: `images` must be a list", value.line, value.column));
    if (is_list && !value.is_flow) return behind_items(doc, value);
    if (is_list && value.first != no_node) return behind_flow_items(doc, value);
    return in_place_of(doc, images->key, doc.at(images->value));
  }

 private:
  using edits = std::vector<yaml::edit>;

  [[nodiscard]] static std::string tag_of(const new_entry& e) {
    const std::string tag(e.ref.effective_tag());
    return reads_as_string(tag) ? tag : quoted_string(tag);
  }

  // Each entry on its own lines, with the line break before every line.
  [[nodiscard]] std::string block(std::size_t indent, std::size_t dash) const {
    std::string out;
    for (const new_entry& e : entries_)
      out += fmt::format("{0}{1:{2}}-{1:{3}}name: {4}{0}{1:{5}}newTag: {6}{7}", line_break_, "", indent, dash - 1,
                         name_of(e), indent + dash, tag_of(e), added_mark(added_part::entry, e.ref.effective_tag()));
    return out;
  }

  [[nodiscard]] static std::string name_of(const new_entry& e) {
    const std::string name(e.ref.written_name());
    return reads_as_string(name) ? name : quoted_string(name);
  }

  [[nodiscard]] std::string flow(bool is_json) const {
    std::string out;
    for (const new_entry& e : entries_) {
      if (!out.empty()) out += ", ";
      out += is_json ? fmt::format(R"({{"name": "{}", "newTag": "{}"}})", e.ref.written_name(), e.ref.effective_tag())
                     : fmt::format("{{name: {}, newTag: {}}}", name_of(e), tag_of(e));
    }
    return out;
  }

  // The end of the last line of a node that ends at `end`; literal text ends after its line break.
  [[nodiscard]] std::size_t line_end(std::size_t begin, std::size_t end) const {
    while (end > begin && is_break(text_[end - 1])) --end;
    while (end < text_.size() && !is_break(text_[end])) ++end;
    return end;
  }

  // The indentation of lists below their keys, as the first list of the file has it.
  [[nodiscard]] static std::size_t list_indent(const source_document& doc) {
    const source_node& root = doc.at(doc.root);
    for (node_index k = root.first; k != no_node; k = doc.at(doc.at(k).next).next) {
      const source_node& value = doc.at(doc.at(k).next);
      if (value.kind == source_kind::sequence && !value.is_flow && value.column >= doc.at(k).column)
        return value.column - doc.at(k).column;
    }
    return 0;
  }

  [[nodiscard]] edits behind_items(const source_document& doc, const source_node& list) const {
    const source_node& item = doc.at(list.first);
    const bool is_beside = item.line == list.line && item.column > list.column;
    const std::size_t at = line_end(list.span.begin, list.span.end);
    return {{{at, at}, block(list.column - 1, is_beside ? item.column - list.column : 2)}};
  }

  [[nodiscard]] edits behind_flow_items(const source_document& doc, const source_node& list) const {
    node_index last = list.first;
    while (doc.at(last).next != no_node) last = doc.at(last).next;
    const std::size_t at = doc.at(last).span.end;
    return {{{at, at}, ", " + flow(is_json(doc))}};
  }

  [[nodiscard]] static bool is_json(const source_document& doc) {
    const node_index first = doc.at(doc.root).first;
    return first != no_node && doc.at(first).form == yaml::scalar_form::double_quoted && doc.at(doc.root).is_flow;
  }

  // "images: []", "images:", "images: ~"
  [[nodiscard]] edits in_place_of(const source_document& doc, node_index key, const source_node& value) const {
    if (doc.at(doc.root).is_flow || value.kind == source_kind::alias)
      return {{value.span, (value.span.size() == 0 ? " [" : "[") + flow(is_json(doc)) + "]"}};
    std::size_t begin = value.span.begin;
    while (text_[begin - 1] == ' ' || text_[begin - 1] == '\t') --begin;
    const std::size_t at = line_end(value.span.begin, value.span.end);
    return {{{begin, value.span.end}, ""}, {{at, at}, block(doc.at(key).column - 1 + list_indent(doc), 2)}};
  }

  [[nodiscard]] edits block_key(const source_document& doc) const {
    const source_node& root = doc.at(doc.root);
    const std::size_t at = line_end(root.span.begin, root.span.end);
    const std::size_t indent = root.column - 1;
    return {{{at, at}, fmt::format("{}{:{}}images:{}", line_break_, "", indent, block(indent + list_indent(doc), 2))}};
  }

  [[nodiscard]] edits flow_key(const source_document& doc) const {
    const source_node& root = doc.at(doc.root);
    const std::string list = fmt::format("{}: [{}]", is_json(doc) ? "\"images\"" : "images", flow(is_json(doc)));
    std::size_t at = root.span.begin + 1;
    node_index last = root.first;
    if (last == no_node) return {{{at, at}, list}};
    while (doc.at(last).next != no_node) last = doc.at(last).next;
    at = doc.at(last).span.end;
    return {{{at, at}, ", " + list}};
  }

  std::string_view text_;
  const std::vector<new_entry>& entries_;
  std::string line_break_ = "\n";
};

struct tagged_text {
  std::string text;
  /// The number of entries before.
  std::size_t before = 0;
};

// The text with entries by tag.
result<tagged_text> with_tags(std::string_view text, const std::vector<new_entry>& entries) {
  const auto from = yaml::read_source(text);
  if (!from) return fail(from.error());
  const source_document* doc = main_document(*from);
  std::vector<new_entry> added;
  std::ranges::copy_if(entries, std::back_inserter(added), [](const new_entry& e) { return !e.fills; });
  const entry_writer writer(text, added);
  tagged_text out;
  result<std::vector<yaml::edit>> edits;
  if (doc != nullptr) {
    std::vector<node_index> items;
    for_each_item(*doc, "images", [&](node_index one) { items.push_back(one); });
    out.before = items.size();
    edits = std::vector<yaml::edit>();
    for (const new_entry& one : entries) {
      if (!one.fills) continue;
      auto filled = writer.fill(*doc, *one.fills < items.size() ? items[*one.fills] : no_node, one);
      if (!filled) return fail(std::move(filled.error()));
      edits->push_back(*std::move(filled));
    }
    if (!added.empty()) {
      auto more = writer.into(*doc);
      if (!more) return fail(std::move(more.error()));
      std::ranges::move(*more, std::back_inserter(*edits));
    }
  } else {
    for (const source_document& one : from->documents)
      if (!one.is_null(one.root)) return fail(error_code::malformed, "not a kustomization");
    edits = std::vector{writer.whole()};
  }
  if (!edits) return fail(std::move(edits.error()));
  auto spliced = yaml::splice(text, *std::move(edits));
  if (!spliced) return fail(std::move(spliced.error()));
  out.text = *std::move(spliced);
  return out;
}

}  // namespace

const source_document* main_document(const yaml::source& from) {
  for (const source_document& doc : from.documents) {
    if (doc.root == no_node || doc.at(doc.root).kind != source_kind::mapping) continue;
    const auto type = type_of(doc, doc.root);
    if (!type || is_kustomization_type(*type)) return &doc;
  }
  return nullptr;
}

bool is_kustomization(std::string_view text, std::string_view path) {
  if (is_kustomization_name(path)) return true;
  if (!text.contains(group)) return false;
  const auto from = yaml::read_source(text);
  return from && std::ranges::any_of(from->documents, [](const source_document& doc) {
           const auto type = doc.root == no_node ? std::nullopt : type_of(doc, doc.root);
           return type && is_kustomization_type(*type);
         });
}

result<std::vector<std::string>> local_resources(std::string_view text) {
  const auto from = yaml::read_source(text);
  if (!from) return fail(from.error());
  std::vector<std::string> out;
  const source_document* doc = main_document(*from);
  if (doc == nullptr) return out;
  for (const std::string_view key : resource_keys)
    for_each_item(*doc, key, [&](node_index one) {
      const auto resource = string_at(*doc, one);
      if (resource && !resource->empty() && !is_remote(*resource)) out.emplace_back(*resource);
    });
  return out;
}

result<std::vector<kustomize_entry>> image_entries(std::string_view text) {
  const auto from = yaml::read_source(text);
  if (!from) return fail(from.error());
  std::vector<kustomize_entry> out;
  const source_document* doc = main_document(*from);
  if (doc == nullptr) return out;
  for_each_item(*doc, "images", [&](node_index one) { out.push_back(kustomize_entry_at(*doc, one)); });
  return out;
}

result<std::string> with_entries(std::string_view text, const std::vector<new_entry>& entries, pin::pin_format format) {
  if (entries.empty()) return std::string(text);
  auto tagged = with_tags(text, entries);
  if (!tagged) return fail(std::move(tagged.error()));
  const auto file = image_file::read(std::move(tagged->text), file_name, {});
  if (!file) return fail(file.error());
  std::vector<change> changes;
  std::size_t end = tagged->before;
  for (const new_entry& one : entries) {
    const std::string pointer = fmt::format("/images/{}", one.fills ? *one.fills : end++);
    const auto found = std::ranges::find(file->slots(), pointer, &slot::pointer);
    if (found == file->slots().end() || !found->ref || found->ref->canonical() != one.ref.canonical())
      return fail(error_code::internal, "the new entries of `images` cannot be read back");
    changes.push_back({static_cast<std::size_t>(found - file->slots().begin()), one.digest, one.format});
  }
  return file->rewrite(changes, format);
}

}  // namespace pinhook::files
