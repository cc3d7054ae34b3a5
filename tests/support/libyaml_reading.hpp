// The events of a YAML text, a line each, by libyaml (from which go-yaml, and so kubectl, kustomize and Helm, took
// their reader) and by the nodes of `yaml::source`. Tests compare the two.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <yaml.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

using reading = std::vector<std::string>;

/// The line of a scalar. White space at the end of a block is left out: the readers differ where the text ends without
/// a line feed, and where only blanks follow.
inline std::string scalar_line(char form, std::string_view text) {
  if (form == '|' || form == '>')
    while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  return std::string(1, form) + std::string(text);
}

/// What libyaml reads; no value: it refuses the text.
inline std::optional<reading> read_by_libyaml(std::string_view text) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) return std::nullopt;
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  reading out;
  bool is_read = true;
  for (bool is_at_end = false; is_read && !is_at_end;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      is_read = false;
      break;
    }
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        out.emplace_back("document");
        break;
      case YAML_MAPPING_START_EVENT:
        out.emplace_back(event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? "{" : "mapping");
        break;
      case YAML_SEQUENCE_START_EVENT:
        out.emplace_back(event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? "[" : "sequence");
        break;
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT:
        out.emplace_back("end");
        break;
      case YAML_ALIAS_EVENT:
        out.push_back("*" + std::string(reinterpret_cast<const char*>(event.data.alias.anchor)));
        break;
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        const char form = scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE   ? '\''
                          : scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE ? '"'
                          : scalar.style == YAML_LITERAL_SCALAR_STYLE       ? '|'
                          : scalar.style == YAML_FOLDED_SCALAR_STYLE        ? '>'
                                                                            : '=';
        out.push_back(scalar_line(form, {reinterpret_cast<const char*>(scalar.value), scalar.length}));
        break;
      }
      case YAML_STREAM_END_EVENT:
        is_at_end = true;
        break;
      default:
        break;
    }
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  if (!is_read) return std::nullopt;
  return out;
}

inline void add_events(reading& out, const yaml::source_document& doc, yaml::node_index i) {
  const yaml::source_node& n = doc.at(i);
  switch (n.kind) {
    case yaml::source_kind::alias:
      out.push_back("*" + std::string(n.text));
      return;
    case yaml::source_kind::scalar: {
      constexpr char forms[] = {'=', '=', '\'', '"', '|', '>'};
      out.push_back(scalar_line(forms[static_cast<std::size_t>(n.form)], n.text));
      return;
    }
    case yaml::source_kind::mapping:
      // A pair in a sequence, "[a: b]", is flow without brackets.
      out.emplace_back(n.is_flow || doc.at(n.parent).is_flow ? "{" : "mapping");
      break;
    case yaml::source_kind::sequence:
      out.emplace_back(n.is_flow ? "[" : "sequence");
      break;
  }
  for (auto child = n.first; child != yaml::no_node; child = doc.at(child).next) add_events(out, doc, child);
  out.emplace_back("end");
}

/// The same of what pinhook reads. An empty document is one with an empty value.
inline reading events_of(const yaml::source& from) {
  reading out;
  for (const yaml::source_document& doc : from.documents) {
    out.emplace_back("document");
    if (doc.root == yaml::no_node)
      out.emplace_back("=");
    else
      add_events(out, doc, doc.root);
  }
  return out;
}

}  // namespace pinhook::testing
