#include <pinhook/base/utf8.hpp>
#include <pinhook/yaml/any_source.hpp>
#include <pinhook/yaml/plain_source.hpp>
#include <pinhook/yaml/source.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::yaml {

namespace {

result<source> read_unmarked(std::string_view text, const source_limits& limits) {
  if (auto plain = read_plain_source(text, limits)) return *std::move(plain);
  return read_any_source(text, limits);
}

// True where a line that begins a document ("---", blanks, a comment) ends with the line feed before `at`.
bool is_behind_start(std::string_view text, std::size_t at) {
  if (at == 0 || text[at - 1] != '\n') return false;
  std::string_view line = text.substr(0, at - 1);
  line.remove_prefix(line.rfind('\n') + 1);
  if (!line.starts_with("---")) return false;
  line.remove_prefix(3);
  const auto begin = line.find_first_not_of(" \t\r");
  return begin == std::string_view::npos || (begin > 0 && line[begin] == '#');
}

// The text with marks after "---" taken into the comment of that line: every other byte, and each line, is where it
// was.
std::optional<std::string> without_marks(std::string_view text) {
  std::optional<std::string> out;
  for (auto at = text.find(byte_order_mark); at != std::string_view::npos; at = text.find(byte_order_mark, at + 1)) {
    if (!is_behind_start(text, at)) continue;
    if (!out) out = std::string(text);
    if (at >= 2 && text[at - 2] == '\r') (*out)[at - 2] = ' ';
    out->replace(at - 1, byte_order_mark.size() + 1, " ##\n");
  }
  return out;
}

}  // namespace

// A document may begin with a mark of its own (YAML 1.2.2, section 5.2), as files that were written one behind the
// other have. libfyaml takes it for a letter of the first key. kubectl and kustomize cut at "---" first, so they read
// it.
result<source> read_source(std::string_view text, const source_limits& limits) {
  const auto unmarked = without_marks(text);
  if (!unmarked) return read_unmarked(text, limits);
  auto out = read_unmarked(*unmarked, limits);
  if (!out) return out;
  const char* const begin = unmarked->data();
  for (source_document& doc : out->documents)
    for (source_node& n : doc.nodes)
      if (n.text.data() >= begin && n.text.data() < begin + unmarked->size())
        n.text = text.substr(static_cast<std::size_t>(n.text.data() - begin), n.text.size());
  return out;
}

}  // namespace pinhook::yaml
