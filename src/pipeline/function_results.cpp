// Writes results into a ResourceList by inserting text; the rest of the document is not emitted again.
#include <pinhook/base/json.hpp>
#include <pinhook/pipeline/resource_list.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pinhook::pipeline {
namespace {

using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

std::string_view to_string(result_severity s) {
  switch (s) {
    case result_severity::info:
      return "info";
    case result_severity::warning:
      return "warning";
    case result_severity::error:
      break;
  }
  return "error";
}

// Members of a JSON object, written in the order of the calls.
class members {
 public:
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    json::append_string(out_, value);
  }
  void raw(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
  }
  [[nodiscard]] std::string object() const { return "{" + out_ + "}"; }
  [[nodiscard]] bool is_empty() const { return out_.empty(); }

 private:
  void begin(std::string_view name) {
    if (!out_.empty()) out_ += ", ";
    json::append_string(out_, name);
    out_ += ": ";
  }
  std::string out_;
};

// `is_nested`: the form before v1, with name and namespace in `metadata`.
std::string to_json(const function_result& r, bool is_nested) {
  members ref;
  ref.text("apiVersion", r.api_version);
  ref.text("kind", r.kind);
  members named;
  members& names = is_nested ? named : ref;
  names.text("name", r.name);
  names.text("namespace", r.ns);
  if (!named.is_empty()) ref.raw("metadata", named.object());
  members field;
  field.text("path", r.field);
  field.text("currentValue", r.current_value);
  field.text("proposedValue", r.proposed_value);
  members file;
  file.text("path", r.file);
  if (!file.is_empty() && r.file_index) file.raw("index", std::to_string(*r.file_index));
  members out;
  out.text("message", r.message);
  out.text("severity", to_string(r.severity));
  if (!ref.is_empty()) out.raw("resourceRef", ref.object());
  if (!field.is_empty()) out.raw("field", field.object());
  if (!file.is_empty()) out.raw("file", file.object());
  return out.object();
}

class writer {
 public:
  writer(std::string_view text, const source_document& doc)
      : text_(text), doc_(doc), line_end_(text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n") {}

  // Inserts `results` after all other members.
  [[nodiscard]] yaml::edit member(const std::vector<std::string>& results, bool is_nested) const {
    const auto& root = doc_.at(doc_.root);
    if (root.is_flow) {
      const auto list = fmt::format("[{}]", fmt::join(results, ", "));
      const auto value = is_nested ? fmt::format(R"({{"name": "pinhook", "items": {}}})", list) : list;
      return before_bracket(root, fmt::format(R"("results": {})", value));
    }
    const std::string indent(root.column - 1, ' ');
    std::string out = indent + "results:" + line_end_;
    if (is_nested) out += indent + "  name: pinhook" + line_end_ + indent + "  items:" + line_end_;
    for (const auto& one : results) out += indent + (is_nested ? "  - " : "- ") + one + line_end_;
    // After comments that follow the last value, but before the document's end.
    const auto marker = text_.substr(0, doc_.span.end).find("\n...", root.span.end);
    return line_at(marker == std::string_view::npos ? doc_.span.end : marker + 1, std::move(out));
  }

  // Inserts after the elements of an existing list.
  [[nodiscard]] yaml::edit elements(node_index list, const std::vector<std::string>& results) const {
    const auto& node = doc_.at(list);
    if (node.is_flow) return before_bracket(node, fmt::format("{}", fmt::join(results, ", ")));
    std::string out;
    for (const auto& one : results) out += std::string(node.column - 1, ' ') + "- " + one + line_end_;
    const auto end = node.span.end;
    if (end > 0 && text_[end - 1] == '\n') return line_at(end, std::move(out));
    const auto next = text_.find('\n', end);
    return line_at(next == std::string_view::npos ? text_.size() : next + 1, std::move(out));
  }

  // Replaces a null.
  [[nodiscard]] yaml::edit value(node_index nothing, const std::vector<std::string>& results) const {
    const auto& node = doc_.at(nothing);
    return {node.span,
            fmt::format("{}[{}]", node.form == yaml::scalar_form::none ? " " : "", fmt::join(results, ", "))};
  }

 private:
  // Inserts whole lines at the start of a line, or at the end of a text whose last line has no line break.
  [[nodiscard]] yaml::edit line_at(std::size_t at, std::string lines) const {
    if (at > 0 && text_[at - 1] != '\n') lines.insert(0, line_end_);
    return {{at, at}, std::move(lines)};
  }

  // Inserts the last element of a flow collection.
  [[nodiscard]] yaml::edit before_bracket(const yaml::source_node& in, std::string_view text) const {
    const auto at = in.span.end - 1;
    auto last = no_child(in);
    for (auto i = in.first; i != yaml::no_node; i = doc_.at(i).next) last = doc_.at(i).span.end;
    const bool is_ended = in.first == yaml::no_node || comma_between(last, at);
    return {{at, at}, fmt::format("{}{}", is_ended ? "" : ", ", text)};
  }

  static std::size_t no_child(const yaml::source_node& in) { return in.span.begin + 1; }

  [[nodiscard]] bool comma_between(std::size_t from, std::size_t to) const {
    while (from < to) {
      if (text_[from] == ',') return true;
      from = text_[from] == '#' ? std::min(text_.find('\n', from), to) : from + 1;
    }
    return false;
  }

  std::string_view text_;
  const source_document& doc_;
  const std::string line_end_;
};

// The list in `results`: `results` itself, or in the older form its `items` (or `results`).
node_index list_in(const source_document& doc, node_index results) {
  if (doc.at(results).kind != source_kind::mapping) return results;
  const auto items = doc.find(results, "items");
  return items == yaml::no_node ? doc.find(results, "results") : items;
}

}  // namespace

result<std::string> with_results(std::string_view text, const std::vector<function_result>& results) {
  if (results.empty()) return std::string(text);
  const auto read = yaml::read_source(text);
  if (!read) return fail(error_code::invalid_input, read.error().message);
  if (read->documents.size() != 1 || read->documents.front().root == yaml::no_node)
    return fail(error_code::invalid_input, "not a ResourceList");
  const auto& doc = read->documents.front();
  const bool is_nested = doc.text_of(doc.root, "apiVersion") != "config.kubernetes.io/v1";
  std::vector<std::string> lines;
  for (const auto& r : results) lines.push_back(to_json(r, is_nested));
  const writer w(text, doc);
  const auto there = doc.find(doc.root, "results");
  if (there == yaml::no_node) return yaml::splice(text, {w.member(lines, is_nested)});
  const auto list = list_in(doc, there);
  if (list == yaml::no_node || (!doc.is_null(list) && doc.at(list).kind != source_kind::sequence))
    return fail(error_code::invalid_input, "`results` is not a list");
  return yaml::splice(text, {doc.is_null(list) ? w.value(list, lines) : w.elements(list, lines)});
}

}  // namespace pinhook::pipeline
