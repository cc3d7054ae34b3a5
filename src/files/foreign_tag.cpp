#include <pinhook/files/foreign_tag.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

constexpr std::string_view ratchet = "ratchet:";

// A word before a tag that marks it as one; longer words come first.
struct tag_word {
  std::string_view text;
  // The word has other uses, too.
  bool needs_version = false;
};

// Renovate writes the last three after the actions that it pins in workflows.
constexpr std::array<tag_word, 8> tag_words{
    {{"tag: "}, {"tag:"}, {"tag = "}, {"tag="}, {"Tag: "}, {"pin @", true}, {"pin ", true}, {"@", true}}};

std::size_t past_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

std::size_t back_over_blanks(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  return at;
}

std::size_t foreign_word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_blank(text[at])) ++at;
  return at;
}

// A '#' opens a comment after white space; several are still one comment for YAML, but several for people.
bool ends_comment(std::string_view text, std::size_t at) { return at == text.size() || text[at] == '#'; }

// The digits and dots at the begin of a version.
struct numbers {
  std::vector<std::string_view> groups;
  std::string_view rest;
};

numbers numbers_of(std::string_view word) {
  numbers out;
  std::size_t at = 0;
  while (at < word.size() && is_digit(word[at])) {
    std::size_t end = at;
    while (end < word.size() && is_digit(word[end])) ++end;
    out.groups.push_back(word.substr(at, end - at));
    at = end;
    if (at + 1 >= word.size() || word[at] != '.' || !is_digit(word[at + 1])) break;
    ++at;
  }
  out.rest = word.substr(at);
  return out;
}

int value_of(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return digits.size() > 4 ? 10'000 : value;
}

// "15.01.2024"
bool is_date(const std::vector<std::string_view>& groups) {
  return groups.size() == 3 && groups[2].size() == 4 && value_of(groups[0]) <= 31 && value_of(groups[1]) <= 12;
}

bool is_version_of_numbers(const numbers& n, bool has_v) {
  const std::size_t count = n.groups.size();
  const std::string_view rest = n.rest;
  // More digits are years, dates, ports, or numbers of builds and issues.
  if (count == 1 && !has_v && n.groups[0].size() > (rest.starts_with('-') ? 4 : 3)) return false;
  if (rest.empty()) return !is_date(n.groups) && (count != 4 || has_v);  // four: an address
  if (rest[0] == '-' || rest[0] == '_') return rest.size() > 1 && (count > 1 || is_letter(rest[1]));
  // "3.13rc1", not "1.5GB".
  if (is_letter(rest[0])) return count > 1 && std::ranges::any_of(rest, is_digit);
  // "1.0.Final", not "1.25.yaml".
  return rest[0] == '.' && rest.size() > 1 && is_upper(rest[1]);
}

// "alpine3.19", "release-1.2": a word around a version that is neither a file nor a host.
bool is_version_in_word(std::string_view word) {
  bool has_version = false;
  for (std::size_t at = 1; at + 1 < word.size(); ++at) {
    if (word[at] != '.') continue;
    if (is_letter(word[at + 1])) return false;
    has_version = has_version || (is_digit(word[at - 1]) && is_digit(word[at + 1]));
  }
  return has_version && is_lower(word[0]);
}

bool is_tag(std::string_view word) {
  const auto is_good = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; };
  return !word.empty() && word.size() <= registry::max_tag_size && word[0] != '.' && word[0] != '-' &&
         std::ranges::all_of(word, is_good);
}

std::optional<registry::reference> name_with_tag(const registry::reference& name, std::string_view tag) {
  auto out = registry::reference::parse(tag.empty() ? std::string(name.written_name())
                                                    : fmt::format("{}:{}", name.written_name(), tag));
  if (!out) return std::nullopt;
  return *std::move(out);
}

// The tag in `text`, a reference to the same image.
std::optional<registry::reference> tag_of_reference(std::string_view text, const registry::reference& name,
                                                    bool needs_tag) {
  if (text.size() > registry::max_reference_size) return std::nullopt;
  const auto ref = registry::reference::parse(text);
  if (!ref || ref->is_pinned() || (needs_tag && ref->tag().empty())) return std::nullopt;
  if (ref->registry() != name.registry() || ref->repository() != name.repository()) return std::nullopt;
  return name_with_tag(name, ref->tag());
}

// "ratchet:nginx:1.25", which ratchet writes after the words of an existing comment.
std::optional<foreign_tag> read_ratchet(std::string_view behind, const registry::reference& name) {
  const std::size_t begin = behind.find(ratchet);
  if (begin == std::string_view::npos || behind.find(ratchet, begin + 1) != std::string_view::npos) return std::nullopt;
  if (!is_blank(behind[begin - 1]) && behind[begin - 1] != '#') return std::nullopt;
  const std::size_t word = begin + ratchet.size();
  const std::size_t end = foreign_word_end(behind, word);
  auto tag = tag_of_reference(behind.substr(word, end - word), name, false);
  if (!tag) return std::nullopt;
  const std::size_t next = past_blanks(behind, end);
  std::size_t from = back_over_blanks(behind, begin);
  if (behind[from - 1] != '#') return foreign_tag{*std::move(tag), {from, end}};
  // Its own '#' is removed with it, unless other words need it.
  if (!ends_comment(behind, next)) return foreign_tag{*std::move(tag), {begin, next}};
  from = back_over_blanks(behind, from - 1);
  return foreign_tag{*std::move(tag), {from, end}};
}

// The tag when the whole first comment is the tag, or a reference with it.
std::optional<registry::reference> tag_of_comment(std::string_view body, const registry::reference& name,
                                                  bool is_tight) {
  for (const tag_word& word : tag_words) {
    if (!body.starts_with(word.text)) continue;
    const std::string_view tag = body.substr(word.text.size());
    if (!is_tag(tag) || (word.needs_version && !looks_like_version(tag))) return std::nullopt;
    return name_with_tag(name, tag);
  }
  if (looks_like_version(body)) {
    // "#123" and "#v2" are issues and hash tags.
    if (is_tight && !body.contains('.')) return std::nullopt;
    return name_with_tag(name, body);
  }
  return tag_of_reference(body, name, true);
}

}  // namespace

bool looks_like_version(std::string_view word) {
  if (word == "latest") return true;
  if (!is_tag(word) || !(is_letter(word.back()) || is_digit(word.back()))) return false;
  const bool has_v = word.size() > 1 && word[0] == 'v' && is_digit(word[1]);
  if (has_v || is_digit(word[0])) return is_version_of_numbers(numbers_of(word.substr(has_v ? 1 : 0)), has_v);
  return is_version_in_word(word);
}

std::optional<foreign_tag> read_foreign_tag(std::string_view behind, const registry::reference& name) {
  const std::size_t sign = past_blanks(behind, 0);
  if (sign == 0 || sign == behind.size() || behind[sign] != '#') return std::nullopt;
  if (auto found = read_ratchet(behind, name)) return found;
  const std::size_t begin = past_blanks(behind, sign + 1);
  std::size_t end = begin;
  // To the next " #".
  while (end < behind.size() && !(behind[end] == '#' && is_blank(behind[end - 1]))) ++end;
  end = back_over_blanks(behind, end);
  if (end <= begin) return std::nullopt;
  auto tag = tag_of_comment(behind.substr(begin, end - begin), name, begin == sign + 1);
  if (!tag) return std::nullopt;
  return foreign_tag{*std::move(tag), {0, end}};
}

}  // namespace pinhook::files
