#include <pinhook/files/variable_images.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// Members that hold variables: of GitLab, Azure Pipelines, GitHub, Semaphore and CircleCI.
constexpr std::array<std::string_view, 5> variable_lists{"variables", "env", "env_vars", "environment", "parameters"};
constexpr std::array<std::string_view, 2> variable_values{"value", "default"};

struct variable_form {
  std::string_view begin, end;
};
// The longer ones first.
constexpr std::array<variable_form, 6> variable_forms{
    {{"${{", "}}"}, {"$[[", "]]"}, {"${", "}"}, {"$(", ")"}, {"<<", ">>"}, {"$", ""}}};

// "BASE" of "$BASE", "${BASE}", "${{ env.BASE }}", "<< pipeline.parameters.BASE >>"; empty: there is more in the text.
std::string_view name_of_variable(std::string_view text) {
  for (const auto& [begin, end] : variable_forms) {
    if (!text.starts_with(begin)) continue;
    if (text.size() < begin.size() + end.size() || !text.ends_with(end)) return {};
    text = text.substr(begin.size(), text.size() - begin.size() - end.size());
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    text = text.substr(first, text.find_last_not_of(' ') + 1 - first);
    text = text.substr(text.rfind('.') + 1);  // npos + 1 is 0
    const bool is_name = std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    return is_name ? text : std::string_view();
  }
  return {};
}

class variable_search {
 public:
  variable_search(const source_document& doc, std::size_t document, std::set<std::string_view> names,
                  std::vector<unread_image>& to)
      : doc_(doc), document_(document), names_(std::move(names)), to_(to) {
    for (const unread_image& one : to)
      if (one.document == document) known_.insert(one.pointer);
  }

  // Aliases are not followed: their anchors are nodes of the document, too.
  void take(node_index at, const std::string& pointer, bool is_of_variables) {
    if (doc_.at(at).kind == source_kind::sequence) {
      std::size_t index = 0;
      for (node_index one = doc_.at(at).first; one != no_node; one = doc_.at(one).next) {
        const std::string inner = pointer + "/" + std::to_string(index++);
        if (is_of_variables && names_.contains(doc_.text_of(one, "name"))) take_values(one, inner);
        take(one, inner, is_of_variables);
      }
    }
    if (doc_.at(at).kind != source_kind::mapping) return;
    for (node_index k = doc_.at(at).first; k != no_node; k = doc_.at(doc_.at(k).next).next) {
      const std::string_view key = doc_.at(k).text;
      const node_index value = doc_.at(k).next;
      std::string inner = pointer;
      append_pointer(inner, key);
      if (is_of_variables && names_.contains(key)) {
        take_text(value, inner);
        take_values(value, inner);
      }
      take(value, inner, std::ranges::find(variable_lists, key) != variable_lists.end());
    }
  }

 private:
  // Of {value: node:20, description: …}.
  void take_values(node_index mapping, const std::string& pointer) {
    for (const std::string_view key : variable_values)
      if (const node_index value = doc_.find(mapping, key); value != no_node)
        take_text(value, pointer + "/" + std::string(key));
  }

  void take_text(node_index i, const std::string& pointer) {
    const auto text = string_at(doc_, i);
    if (!text || !registry::reference::parse(*text)) return;
    if (known_.insert(pointer).second)
      to_.push_back({document_, pointer, doc_.at(i).line, doc_.at(i).column, std::string(*text)});
  }

  const source_document& doc_;
  std::size_t document_;
  std::set<std::string_view> names_;
  std::vector<unread_image>& to_;
  // The pointers of those of the document that are in `to_`: pipelines have thousands.
  std::unordered_set<std::string> known_;
};

}  // namespace

void add_images_of_variables(const source_document& doc, std::size_t document, std::span<const found_image> images,
                             std::vector<unread_image>& to) {
  std::set<std::string_view> names;
  for (const found_image& one : images)
    if (one.slot.reason == skip_reason::variable && !one.slot.is_in_text)
      if (const auto name = name_of_variable(one.slot.written); !name.empty()) names.insert(name);
  if (!names.empty()) variable_search(doc, document, std::move(names), to).take(doc.root, {}, false);
}

}  // namespace pinhook::files
