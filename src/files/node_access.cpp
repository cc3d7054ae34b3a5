#include <pinhook/files/node_access.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

namespace pinhook::files {
namespace {

// True for plain text that is neither null, true, false nor a number: it begins with another letter, or a slash.
bool is_surely_string(std::string_view text) {
  const char c = text.empty() ? '\0' : text.front();
  return c == '/' || (is_letter(c) && !std::string_view("tTfFnN").contains(c));
}

}  // namespace

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

std::unexpected<error> refuse_at(const yaml::source_node& node, std::string_view message) {
  return fail(error_code::malformed, fmt::format("line {}, column {}: {}", node.line, node.column, message));
}

result<member> member_of(const source_document& doc, node_index mapping, std::string_view key) {
  member out;
  const node_index found = doc.find(mapping, key);
  if (found == no_node) return out;
  for (node_index k = doc.at(doc.at(found).parent).first; k != no_node; k = doc.at(doc.at(k).next).next) {
    const yaml::source_node& at = doc.at(doc.resolve(k));
    if (at.kind != source_kind::scalar || at.text != key) continue;
    if (out.key != no_node) return refuse_at(doc.at(k), fmt::format("duplicate key {}", quoted(key)));
    out = {k, doc.at(k).next};
  }
  return out;
}

std::optional<std::string_view> string_at(const source_document& doc, node_index i) {
  i = doc.resolve(i);
  if (i == no_node || doc.at(i).kind != source_kind::scalar || doc.is_null(i)) return std::nullopt;
  const yaml::source_node& n = doc.at(i);
  // Plain text may be a number or a boolean; to_json has the rule.
  if (n.form == scalar_form::plain && !n.has_tag && !is_surely_string(n.text)) {
    const auto json = yaml::to_json(doc, i);
    if (!json || !json->starts_with('"')) return std::nullopt;
  }
  return n.text;
}

std::string_view scalar_at(const source_document& doc, node_index i) {
  i = doc.resolve(i);
  if (i == no_node || doc.at(i).kind != source_kind::scalar || doc.is_null(i)) return {};
  return doc.at(i).text;
}

}  // namespace pinhook::files
