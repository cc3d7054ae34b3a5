#include <pinhook/files/foreign_files.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/full_reference.hpp>
#include <pinhook/pin/image_keys.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace pinhook::files {
namespace {

constexpr std::array<std::string_view, 17> endings{".tf",     ".tofu",   ".cue",  ".jsonnet", ".libsonnet",  ".j2",
                                                   ".jinja",  ".jinja2", ".tpl",  ".tmpl",    ".gotmpl",     ".erb",
                                                   ".groovy", ".earth",  ".star", ".bzl",     ".jenkinsfile"};
constexpr std::array<std::string_view, 3> names{"Jenkinsfile", "Earthfile", "Tiltfile"};

constexpr std::string_view blanks = " \t";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text;
}

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with("//"); }

// The word at the begin of the text, which a quote may be around.
bool begins_with_image(std::string_view text) {
  if (text.starts_with('"') || text.starts_with('\'')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\"'`,;()[]{}<>|"));
  return (word.contains(':') || word.contains('@')) && pin::is_whole_image(word);
}

// Behind "image": ` = "nginx:1.25"`, `": "nginx:1.25"`, `('maven:3.9')`, ` 'maven:3.9'`.
bool is_followed_by_image(std::string_view text) {
  if (text.starts_with('"') || text.starts_with('\'')) text.remove_prefix(1);
  text = without_blanks(text);
  const bool has_sign = text.starts_with(':') || text.starts_with('=') || text.starts_with('(');
  if (has_sign) text.remove_prefix(text.starts_with(":=") ? 2 : 1);
  text = without_blanks(text);
  return (has_sign || text.starts_with('"') || text.starts_with('\'')) && begins_with_image(text);
}

bool names_image(std::string_view line) {
  constexpr std::string_view from = "FROM ";
  if (line.starts_with(from) && begins_with_image(without_blanks(line.substr(from.size())))) return true;
  for (const std::string_view word : {"image", "Image", "IMAGE"})
    for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1))
      if (is_followed_by_image(line.substr(at + word.size()))) return true;
  return false;
}

}  // namespace

bool is_foreign_file(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  return std::ranges::find(names, name) != names.end() || name.starts_with("Jenkinsfile.") ||
         std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool holds_image_text(std::string_view text) {
  if (!full_references(text).empty()) return true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    if (!is_comment(line) && names_image(line)) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace pinhook::files
