// Any bytes as YAML or JSON: read or refused in words; spans inside of the text, trees that hold together, JSON that
// parses, and a splice of nothing that changes nothing. What the short way reads is what libfyaml reads.
#include "fuzz/line_mutator.hpp"
#include "support/same_source.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/yaml/any_source.hpp>
#include <pinhook/yaml/plain_source.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(std::string_view text, const yaml::source_document& doc) {
  require(doc.span.begin <= doc.span.end && doc.span.end <= text.size());
  require((doc.root == yaml::no_node) == doc.nodes.empty());
  std::size_t begin = 0;
  for (yaml::node_index i = 0; i < doc.nodes.size(); ++i) {
    const auto& n = doc.nodes[i];
    require(n.span.begin <= n.span.end);
    require(n.span.begin >= doc.span.begin && n.span.end <= doc.span.end);
    require(n.span.begin >= begin);
    begin = n.span.begin;
    require(n.line >= 1 && n.column >= 1);
    const auto raw = text.substr(n.span.begin, n.span.size());
    if (n.kind == yaml::source_kind::alias) {
      require(n.target < i && doc.nodes[n.target].kind != yaml::source_kind::alias);
      require(raw.starts_with('*'));
    }
    if (n.form == yaml::scalar_form::single_quoted)
      require(raw.size() >= 2 && raw.front() == '\'' && raw.back() == '\'');
    if (n.form == yaml::scalar_form::double_quoted) require(raw.size() >= 2 && raw.front() == '"' && raw.back() == '"');
    if (n.is_flow) require(raw.size() >= 2 && (raw.back() == ']' || raw.back() == '}'));
    require((n.parent == yaml::no_node) == (i == doc.root));
    if (n.parent != yaml::no_node) {
      const auto& up = doc.nodes[n.parent];
      require(n.parent < i && n.span.begin >= up.span.begin && n.span.end <= up.span.end);
    }
    std::size_t children = 0;
    for (auto c = n.first; c != yaml::no_node; c = doc.nodes[c].next, ++children) require(doc.nodes[c].parent == i);
    require(n.kind != yaml::source_kind::mapping || children % 2 == 0);
  }
  (void)doc.at_pointer(doc.root, "/spec/0/a");
  (void)doc.text_of(doc.root, "image");
  const auto whole = yaml::to_json(doc, doc.root, 100'000);
  if (whole) require(json::parse(*whole, {.depth = 2'000}).has_value());
}

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = yaml::read_any_source(text, {});
  if (const auto plain = yaml::read_plain_source(text)) {
    const std::string difference = read ? testing::difference_of(*plain, *read) : read.error().message;
    if (!difference.empty()) std::fprintf(stderr, "%s\n=====\n%s\n", difference.c_str(), std::string(text).c_str());
    require(difference.empty());
  }
  if (!read) {
    require(!read.error().message.empty());
    return 0;
  }
  std::size_t end = 0;
  for (const auto& doc : read->documents) {
    require(doc.span.begin >= end);
    end = doc.span.end;
    look_at(text, doc);
  }
  const auto same = yaml::splice(text, {});
  require(same && *same == text);
  return 0;
}
