#include <pinhook/files/filled_in.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/pin/variable.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace pinhook::files {
namespace {

// The text between the marks of a variable.
enum class mark_content : std::uint8_t {
  any,   // it may hold blanks and operators
  word,  // letters, digits, '_', '.', '-'
};

struct variable_mark {
  std::string_view open, close;
  mark_content holds = mark_content::any;
};

constexpr std::array<variable_mark, 8> variable_marks{{{"#{", "}", mark_content::any},
                                                       {"((", "))", mark_content::any},
                                                       {"$[[", "]]", mark_content::any},
                                                       {"<", ">", mark_content::any},
                                                       {"{", "}", mark_content::word},
                                                       {"%", "%", mark_content::word},
                                                       {"@", "@", mark_content::word},
                                                       {"[[", "]]", mark_content::any}}};

// Words of which one is in every placeholder of capitals; a tag such as MAIN or SNAPSHOT may be real.
constexpr std::array<std::string_view, 16> placeholder_words{
    "CHANGEME", "COMMIT",    "DIGEST",   "IMAGE", "IMAGES",     "NAME", "PLACEHOLDER", "REGISTRY",
    "REPLACE",  "REPLACEME", "REPLACED", "REPO",  "REPOSITORY", "SHA",  "TAG",         "VERSION"};

constexpr std::string_view ko_scheme = "ko://";

bool starts_name(char c) { return is_letter(c) || c == '_'; }
bool is_word_char(char c) { return starts_name(c) || is_digit(c) || c == '.' || c == '-'; }
bool is_capital(char c) { return is_upper(c) || is_digit(c) || c == '_'; }

bool holds_variable(std::string_view image, const variable_mark& m) {
  for (std::size_t at = image.find(m.open); at != std::string_view::npos; at = image.find(m.open, at + 1)) {
    const std::size_t begin = at + m.open.size();
    const std::size_t end = image.find(m.close, begin);
    if (end == std::string_view::npos) return false;
    const std::string_view name = image.substr(begin, end - begin);
    if (!name.empty() && (m.holds == mark_content::any || std::ranges::all_of(name, is_word_char))) return true;
  }
  return false;
}

// "$TAG", "${TAG}".
bool holds_shell_variable(std::string_view image) {
  for (std::size_t at = image.find('$'); at != std::string_view::npos; at = image.find('$', at + 1))
    if (at + 1 < image.size() && (image[at + 1] == '{' || starts_name(image[at + 1]))) return true;
  return false;
}

// "__TAG__", of capitals or alone between the signs of a reference: names may hold "__", too.
bool holds_underscored(std::string_view image) {
  constexpr std::string_view sign = "__";
  constexpr std::string_view ends = "/:@";
  for (std::size_t at = image.find(sign); at != std::string_view::npos; at = image.find(sign, at + 1)) {
    const std::size_t begin = at + sign.size();
    const std::size_t end = image.find(sign, begin);
    if (end == std::string_view::npos) return false;
    const std::string_view name = image.substr(begin, end - begin);
    if (name.empty() || !std::ranges::all_of(name, is_word_char)) continue;
    const std::size_t behind = end + sign.size();
    const bool is_alone =
        (at == 0 || ends.contains(image[at - 1])) && (behind == image.size() || ends.contains(image[behind]));
    if (is_alone || std::ranges::all_of(name, is_capital)) return true;
  }
  return false;
}

bool is_placeholder(std::string_view part) {
  if (part.empty() || !std::ranges::all_of(part, is_capital)) return false;
  while (!part.empty()) {
    const std::string_view word = part.substr(0, part.find('_'));
    if (std::ranges::find(placeholder_words, word) != placeholder_words.end() || word.ends_with("IMAGE")) return true;
    part.remove_prefix(std::min(word.size() + 1, part.size()));
  }
  return false;
}

bool holds_placeholder(std::string_view image) {
  while (!image.empty()) {
    const std::size_t end = std::min(image.find_first_of("/:@"), image.size());
    if (is_placeholder(image.substr(0, end))) return true;
    image.remove_prefix(std::min(end + 1, image.size()));
  }
  return false;
}

}  // namespace

bool is_filled_in(std::string_view image) {
  return pin::is_variable(image) || holds_shell_variable(image) || holds_underscored(image) ||
         holds_placeholder(image) ||
         std::ranges::any_of(variable_marks, [&](const variable_mark& m) { return holds_variable(image, m); });
}

bool is_built_later(std::string_view image) { return image.starts_with(ko_scheme); }

bool is_image_pattern(std::string_view image) {
  return image.contains('*') || image.starts_with('!') || image.contains('|') || image.starts_with('?');
}

}  // namespace pinhook::files
