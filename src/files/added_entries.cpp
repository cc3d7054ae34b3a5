#include <pinhook/files/added_entries.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/added_mark.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// The lines of a text, each with its break.
std::vector<std::string_view> lines_with_breaks(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

class added_entry_remover {
 public:
  added_entry_remover(std::string_view text, const source_document& doc) : doc_(doc), lines_(lines_with_breaks(text)) {}

  std::string run(node_index key, node_index list) {
    bool is_empty = true;
    for (node_index one = doc_.at(list).first; one != no_node; one = doc_.at(one).next)
      is_empty = take(one) && is_empty;
    std::string out;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (is_empty && i + 1 == doc_.at(key).line)
        out += emptied(lines_[i]);
      else if (!dropped_.contains(i + 1))
        out += lines_[i];
    }
    // The last line of a text may have no break; then that of the line before goes.
    const bool had_break = lines_.back().ends_with('\n');
    if (!had_break && dropped_.contains(lines_.size()) && out.ends_with('\n')) {
      out.pop_back();
      if (out.ends_with('\r')) out.pop_back();
    }
    return out;
  }

 private:
  // `images:` without entries: nothing, or an empty list before its comment.
  static std::string emptied(std::string_view line) {
    constexpr std::string_view name = "images:";
    const auto at = line.find(name);
    if (at == std::string_view::npos || trimmed(line) == name) return {};
    return fmt::format("{} []{}", line.substr(0, at + name.size()), line.substr(at + name.size()));
  }

  // True when the whole entry goes.
  bool take(node_index item) {
    const auto& mapping = doc_.at(item);
    if (mapping.kind != source_kind::mapping || mapping.is_flow) return false;
    const node_index tag = doc_.find(item, "newTag");
    if (tag == no_node || doc_.find(item, "digest") != no_node || doc_.at(tag).kind != source_kind::scalar)
      return false;
    const std::size_t line = doc_.at(tag).line;
    const auto text = trimmed(lines_[line - 1]);
    if (text.ends_with(added_mark(added_part::entry, doc_.at(tag).text))) return take_entry(item, line);
    if (text.ends_with(added_mark(added_part::tag, doc_.at(tag).text)) && text.starts_with("newTag:"))
      dropped_.insert(line);
    return false;
  }

  // The two lines that `pin` wrote; not when somebody wrote more into the entry.
  bool take_entry(node_index item, std::size_t tag_line) {
    const node_index name = doc_.at(item).first;
    const node_index tag = doc_.at(doc_.at(name).next).next;
    const bool is_ours = doc_.at(name).text == "name" && tag != no_node && doc_.at(tag).text == "newTag" &&
                         doc_.at(doc_.at(tag).next).next == no_node && doc_.at(name).line + 1 == tag_line &&
                         trimmed(lines_[doc_.at(name).line - 1]).starts_with('-');
    if (!is_ours) return false;
    dropped_.insert({tag_line - 1, tag_line});
    return true;
  }

  const source_document& doc_;
  std::vector<std::string_view> lines_;
  /// From 1.
  std::set<std::size_t> dropped_;
};

}  // namespace

result<std::string> without_added_entries(std::string_view text) {
  if (!text.contains(added_words)) return std::string(text);
  const auto from = yaml::read_source(text);
  if (!from) return fail(from.error());
  const source_document* doc = main_document(*from);
  if (doc == nullptr) return std::string(text);
  const auto images = member_of(*doc, doc->root, "images");
  if (!images || images->key == no_node) return std::string(text);
  const auto& list = doc->at(images->value);
  if (list.kind != source_kind::sequence || list.is_flow || list.first == no_node) return std::string(text);
  return added_entry_remover(text, *doc).run(images->key, images->value);
}

}  // namespace pinhook::files
