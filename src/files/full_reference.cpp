#include <pinhook/files/full_reference.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <array>

namespace pinhook::files {
namespace {

// Characters between words; all others continue a word, "$" and "%" of variables included.
constexpr std::string_view separators = " \t\r\n\"'`,;=()[]{}<>|\\";

// Words behind which the target of a build stands.
constexpr std::array<std::string_view, 8> target_words{"-t",           "--tag", "--destination", "--output-image",
                                                       "--image-name", "push",  "tag",           "rmi"};

// The prefix of Kubernetes' own labels, "kubernetes.io/os:linux".
constexpr std::string_view label_host = "kubernetes.io";

constexpr auto is_separator_byte = [] {
  std::array<bool, 256> out{};
  for (const char c : separators) out[static_cast<unsigned char>(c)] = true;
  return out;
}();

bool is_separator(char c) { return is_separator_byte[static_cast<unsigned char>(c)]; }

// Whether a place is in a comment; asked for growing places, so that each byte is seen once.
class line_reader {
 public:
  explicit line_reader(std::string_view text) : text_(text), end_(text.find('\n')) {}

  bool is_comment(std::size_t at) {
    while (end_ < at) {
      begin_ = end_ + 1;
      end_ = text_.find('\n', begin_);
    }
    return trimmed(text_.substr(begin_, at - begin_)).starts_with('#');
  }

 private:
  std::string_view text_;
  // Of the line.
  std::size_t begin_ = 0;
  std::size_t end_;
};

std::string_view word_before(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && is_separator(text[end - 1]) && text[end - 1] != '\n') --end;
  std::size_t begin = end;
  while (begin > 0 && !is_separator(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

// The host of a registry: "quay.io", "10.0.0.1:5000", not "1.2.3".
bool is_host(std::string_view first) {
  if (!first.contains('.') || first.ends_with('.') || first.ends_with(label_host)) return false;
  const std::size_t colon = first.find(':');
  return colon != std::string_view::npos || is_letter(first[first.rfind('.') + 1]);
}

bool is_full(std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos || slash + 1 == word.size() || !is_host(word.substr(0, slash))) return false;
  const auto ref = registry::reference::parse(word);
  return ref && (!ref->tag().empty() || ref->is_pinned());
}

}  // namespace

std::vector<full_reference> full_references(std::string_view text) {
  std::vector<full_reference> out;
  // It has a tag or a digest; most other texts with a slash have none of their signs.
  if (!text.contains(':') && !text.contains('@')) return out;
  line_reader lines(text);
  std::size_t end = 0;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', std::max(slash + 1, end))) {
    std::size_t begin = slash;
    while (begin > end && !is_separator(text[begin - 1])) --begin;
    end = slash;
    while (end < text.size() && !is_separator(text[end])) ++end;
    const bool is_continued =
        (begin > 1 && text[begin - 1] == '{' && text[begin - 2] == '$') || (end < text.size() && text[end] == '{');
    // "${IMAGE:-quay.io/acme/web:1.0}"; a sentence ends in a full stop.
    std::string_view word = text.substr(begin, end - begin);
    if (const std::size_t dash = word.find(":-"); dash != std::string_view::npos) word.remove_prefix(dash + 2);
    while (word.ends_with('.') || word.ends_with(':')) word.remove_suffix(1);
    const auto at = static_cast<std::size_t>(word.data() - text.data());
    if (!is_full(word) || (is_continued && word.size() + begin == end)) continue;
    if (std::ranges::find(target_words, word_before(text, at)) != target_words.end()) continue;
    if (lines.is_comment(at)) continue;
    out.push_back({at, word});
  }
  return out;
}

}  // namespace pinhook::files
