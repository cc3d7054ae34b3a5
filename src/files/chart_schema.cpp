#include <pinhook/files/chart_schema.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;
using schema_form = values_place::form;

constexpr std::size_t hex_size = 64;
constexpr std::size_t digest_size = 71;

// The least number of characters of a value with a digest.
std::size_t needed_size(const values_place& value) {
  if (value.takes == schema_form::hex) return hex_size;
  return value.takes == schema_form::digest ? digest_size : digest_size + 2;
}

// True for patterns that match any text, and for those that name a part of a digest.
bool allows_digest(std::string_view pattern, schema_form takes) {
  constexpr std::array<std::string_view, 7> any{"", ".*", "^.*$", ".+", "^.+$", "^.*", ".*$"};
  if (std::ranges::find(any, pattern) != any.end()) return true;
  if (takes == schema_form::hex) return pattern.contains("64") || pattern.contains("a-f");
  return pattern.contains("sha256") || (takes == schema_form::tag && pattern.contains('@'));
}

class schema_judge {
 public:
  schema_judge(const source_document& doc, const values_place& value) : doc_(doc), value_(value) {}

  use_verdict run() {
    values_path path = value_.mapping;
    path.push_back(value_.key);
    visit(doc_.root, path);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_mapping(node_index node) const {
    return node != no_node && doc_.at(node).kind == source_kind::mapping;
  }
  [[nodiscard]] node_index member(node_index mapping, std::string_view key) const {
    return doc_.resolve(doc_.find(mapping, key));
  }

  void visit(node_index schema, std::span<const std::string> path) {
    schema = doc_.resolve(schema);
    if (!is_mapping(schema) || ++visited_ > max_schemas) return;
    for (const char* key : {"allOf", "anyOf", "oneOf"}) {
      const auto list = member(schema, key);
      if (list == no_node || doc_.at(list).kind != source_kind::sequence) continue;
      for (auto i = doc_.at(list).first; i != no_node; i = doc_.at(i).next) visit(i, path);
    }
    if (const std::string_view ref = doc_.text_of(schema, "$ref"); ref.starts_with("#"))
      visit(doc_.at_pointer(doc_.root, ref.substr(1)), path);
    if (path.empty()) return judge(schema);
    const auto rest = path.subspan(1);
    if (const auto properties = member(schema, "properties"); is_mapping(properties))
      if (const auto own = member(properties, path.front()); own != no_node) return visit(own, rest);
    if (const auto patterns = member(schema, "patternProperties"); is_mapping(patterns))
      for (auto k = doc_.at(patterns).first; k != no_node; k = doc_.at(doc_.at(k).next).next)
        visit(doc_.at(k).next, rest);
    visit(member(schema, "additionalProperties"), rest);
    visit(member(schema, "items"), rest);
  }

  void judge(node_index schema) {
    if (!out_.conflict.empty()) return;
    if (member(schema, "enum") != no_node || member(schema, "const") != no_node) {
      out_.conflict = "values.schema.json lists the allowed values";
      return;
    }
    std::size_t most = 0;
    const std::string_view length = doc_.text_of(schema, "maxLength");
    const auto read = std::from_chars(length.data(), length.data() + length.size(), most);
    if (!length.empty() && read.ec == std::errc() && most < needed_size(value_))
      out_.conflict = fmt::format("values.schema.json allows {} characters there", most);
    else if (const std::string_view pattern = doc_.text_of(schema, "pattern"); !allows_digest(pattern, value_.takes))
      out_.conflict = fmt::format("values.schema.json allows only {} there", pinhook::quoted(pattern, 100));
  }

  const source_document& doc_;
  const values_place& value_;
  use_verdict out_;
  std::size_t visited_ = 0;
};

}  // namespace

use_verdict judge_schema(std::string_view schema, const values_place& value) {
  if (schema.empty()) return {};
  const auto read = yaml::read_source(schema);
  if (!read || read->documents.empty()) return {};
  return schema_judge(read->documents[0], value).run();
}

}  // namespace pinhook::files
