// Any bytes as YAML, read a second time by libyaml, as whose port kubectl, kustomize and Helm read: what both accept,
// both read alike. Where the versions of YAML differ is said here.
#include "fuzz/line_mutator.hpp"
#include "support/libyaml_reading.hpp"

#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

// libyaml passes over a byte order mark at the start of any line; YAML 1.2 allows one where a document begins.
bool has_inner_mark(std::string_view text) { return text.find("\xEF\xBB\xBF", 1) != std::string_view::npos; }

// In libyaml the name of an anchor ends before the first character that is not a letter, a digit, "_" or "-"; in YAML
// 1.2 before a blank or a bracket of flow.
bool has_odd_name(std::string_view text) {
  for (auto at = text.find_first_of("&*"); at != std::string_view::npos; at = text.find_first_of("&*", at + 1))
    for (std::size_t i = at + 1; i < text.size() && !std::string_view(" \t\r\n,[]{}").contains(text[i]); ++i) {
      const char c = text[i];
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'))
        return true;
    }
  return false;
}

// In libyaml a "?" at the start of a token in brackets is the sign of a key, whatever follows; in YAML 1.2 one before
// another letter or a colon begins a text: {?: d}, {?name: d}.
bool has_key_sign_in_flow(std::string_view text) {
  for (auto at = text.find('?'); at != std::string_view::npos; at = text.find('?', at + 1)) {
    const auto before = text.substr(0, at).find_last_not_of(" \t\r\n");
    const bool is_in_flow = before != std::string_view::npos && std::string_view("[{,").contains(text[before]);
    if (is_in_flow && at + 1 < text.size() && !std::string_view(" \t\r\n").contains(text[at + 1])) return true;
  }
  return false;
}

// Ends of lines in libyaml, letters in YAML 1.2.
bool has_old_break(std::string_view text) {
  return text.contains("\xC2\x85") || text.contains("\xE2\x80\xA8") || text.contains("\xE2\x80\xA9");
}

// In YAML 1.2 the lines of a block that is a whole document need no indentation.
bool has_block_at_root(const pinhook::yaml::source& read) {
  return std::ranges::any_of(read.documents, [](const pinhook::yaml::source_document& doc) {
    const auto form = doc.at(doc.root).form;
    return form == pinhook::yaml::scalar_form::literal || form == pinhook::yaml::scalar_form::folded;
  });
}

}  // namespace

extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (has_inner_mark(text) || has_odd_name(text) || has_key_sign_in_flow(text) || has_old_break(text)) return 0;
  const auto own = yaml::read_source(text);
  if (!own || has_block_at_root(*own)) return 0;
  const auto other = testing::read_by_libyaml(text);
  if (!other) return 0;
  const testing::reading read = testing::events_of(*own);
  if (read == *other) return 0;
  for (std::size_t i = 0; i < read.size() || i < other->size(); ++i) {
    const std::string_view left = i < read.size() ? std::string_view(read[i]) : "(nothing)";
    const std::string_view right = i < other->size() ? std::string_view((*other)[i]) : "(nothing)";
    if (left == right) continue;
    std::fprintf(stderr, "event %zu: pinhook %.*s\nlibyaml %.*s\n", i, static_cast<int>(left.size()), left.data(),
                 static_cast<int>(right.size()), right.data());
    break;
  }
  std::fprintf(stderr, "=====\n%.*s\n", static_cast<int>(size), text.data());
  std::abort();
}
