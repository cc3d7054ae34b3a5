#include <pinhook/files/dockerfile.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/files/span_list.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::text_span;

constexpr std::array<std::string_view, 3> directive_names{"syntax", "escape", "check"};

// Limit of here-documents of one instruction; shells need one or two.
constexpr std::size_t max_heredocs = 64;

bool is_name_letter(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

bool is_number(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

// One line of the text without its end.
struct text_line {
  std::size_t begin = 0, end = 0, next = 0;
};

text_line line_at(std::string_view text, std::size_t at) {
  const std::size_t stop = std::min(text.find('\n', at), text.size());
  std::size_t end = stop;
  if (end > at && text[end - 1] == '\r') --end;
  return {at, end, std::min(stop + 1, text.size())};
}

std::size_t behind_blanks(std::string_view text, std::size_t at, std::size_t end) {
  while (at < end && is_blank(text[at])) ++at;
  return at;
}

// The position of the character that continues the line, when it ends with one that is not itself escaped.
std::optional<std::size_t> continuation_of(std::string_view text, const text_line& l, char escape) {
  std::size_t end = l.end;
  while (end > l.begin && is_blank(text[end - 1])) --end;
  if (end == l.begin || text[end - 1] != escape) return std::nullopt;
  if (end - 1 > l.begin && text[end - 2] == escape) return std::nullopt;
  return end - 1;
}

// A character of an instruction and its place in the text.
struct placed {
  char character;
  std::size_t at;
};

// A word of an instruction; with a continued line in it, it is not one piece of the text.
struct word {
  std::string text;
  std::size_t begin = 0, end = 0;
  [[nodiscard]] bool is_whole() const { return end - begin == text.size(); }
};

std::vector<word> instruction_words(const std::vector<placed>& characters, char escape) {
  std::vector<word> out;
  bool is_open = false;
  char quote = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const auto& [c, at] = characters[i];
    if (quote == 0 && is_blank(c)) {
      is_open = false;
      continue;
    }
    if (!is_open) out.push_back({{}, at, at});
    is_open = true;
    const auto add = [&](const placed& one) {
      out.back().text += one.character;
      out.back().end = one.at + 1;
    };
    add(characters[i]);
    if (c == escape && quote != '\'' && i + 1 < characters.size()) {
      add(characters[++i]);
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    }
  }
  return out;
}

struct heredoc {
  std::string name;
  bool drops_tabs = false;
};

// "<<EOF", "3<<-'EOF'": digits, "<<", an optional '-', and a name without '<'.
std::optional<heredoc> heredoc_of(std::string_view word) {
  while (!word.empty() && is_digit(word.front())) word.remove_prefix(1);
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  heredoc out;
  out.drops_tabs = word.starts_with('-');
  if (out.drops_tabs) word.remove_prefix(1);
  if (word.empty() || word.contains('<')) return std::nullopt;
  for (const char c : word)
    if (c != '"' && c != '\'') out.name += c;
  if (out.name.empty()) return std::nullopt;
  return out;
}

class reader {
 public:
  // `names`: those of all stages, which COPY and RUN may use before they are defined.
  reader(std::string_view text, std::set<std::string, std::less<>> names) : text_(text), all_names_(std::move(names)) {}

  [[nodiscard]] const std::set<std::string, std::less<>>& names() const { return names_; }

  std::vector<dockerfile_image> read() {
    std::size_t at = text_.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    if (text_.substr(at).starts_with("#!")) at = line_at(text_, at).next;
    at = read_directives(at);
    while (at < text_.size()) at = read_instruction(at);
    return std::move(images_);
  }

 private:
  // "# name = value" in the first lines.
  std::size_t read_directives(std::size_t at) {
    std::set<std::string> seen;
    while (at < text_.size()) {
      const text_line l = line_at(text_, at);
      if (text_[l.begin] != '#') return at;
      const std::size_t name_begin = behind_blanks(text_, l.begin + 1, l.end);
      std::size_t name_end = name_begin;
      while (name_end < l.end && is_name_letter(text_[name_end])) ++name_end;
      const std::size_t sign = behind_blanks(text_, name_end, l.end);
      const std::string name = lowered(text_.substr(name_begin, name_end - name_begin));
      if (sign == l.end || text_[sign] != '=' || std::ranges::find(directive_names, name) == directive_names.end() ||
          !seen.insert(name).second)
        return at;
      const std::size_t value = behind_blanks(text_, sign + 1, l.end);
      if (value == l.end) return at;
      if (name == "escape" && (text_[value] == '`' || text_[value] == '\\')) escape_ = text_[value];
      if (name == "syntax") take_syntax(value, l.end);
      at = l.next;
    }
    return at;
  }

  void take_syntax(std::size_t begin, std::size_t end) {
    std::size_t stop = begin;
    while (stop < end && !is_blank(text_[stop])) ++stop;
    images_.push_back({.place = "syntax", .stage = stage_, .span = {begin, stop}});
  }

  // Reads the instruction, or the comment, at a begin of a line; returns the begin of the next.
  std::size_t read_instruction(std::size_t at) {
    std::vector<placed> characters;
    bool is_first = true;
    for (bool goes_on = true; goes_on && at < text_.size(); is_first = false) {
      const text_line l = line_at(text_, at);
      at = l.next;
      const std::size_t content = behind_blanks(text_, l.begin, l.end);
      if (content == l.end || text_[content] == '#') {
        // Empty lines and comments do not end a continued instruction.
        goes_on = !is_first;
        if (is_first) return at;
        continue;
      }
      const auto sign = continuation_of(text_, l, escape_);
      goes_on = sign.has_value();
      for (std::size_t i = is_first ? content : l.begin; i < sign.value_or(l.end); ++i)
        characters.push_back({text_[i], i});
    }
    const auto words = instruction_words(characters, escape_);
    if (words.empty()) return at;
    take_instruction(words, 0);
    return skip_heredocs(words, at);
  }

  std::size_t skip_heredocs(const std::vector<word>& words, std::size_t at) const {
    const std::size_t own = lowered(words[0].text) == "onbuild" && words.size() > 1 ? 1 : 0;
    const std::string name = lowered(words[own].text);
    if (name != "run" && name != "copy" && name != "add") return at;
    std::size_t count = 0;
    for (const word& one : words) {
      const auto found = heredoc_of(one.text);
      if (!found || ++count > max_heredocs) continue;
      while (at < text_.size()) {
        const text_line l = line_at(text_, at);
        at = l.next;
        std::string_view content = text_.substr(l.begin, l.end - l.begin);
        while (found->drops_tabs && content.starts_with('\t')) content.remove_prefix(1);
        if (content == found->name) break;
      }
    }
    return at;
  }

  void take_instruction(const std::vector<word>& words, std::size_t first) {
    const std::string name = lowered(words[first].text);
    if (name == "from") {
      take_from(words, first + 1);
    } else if (name == "arg") {
      for (std::size_t i = first + 1; i < words.size(); ++i) take_argument(words[i]);
    } else if (name == "copy") {
      for_flags(words, first + 1, "--from=", [&](const word& of, std::span<const placed> value) {
        take("COPY --from", word_of(of, value));
      });
    } else if (name == "run") {
      for_flags(words, first + 1,
                "--mount=", [&](const word& of, std::span<const placed> value) { take_mount(of, value); });
    } else if (name == "onbuild" && first == 0 && words.size() > 1) {
      take_instruction(words, 1);
    }
  }

  template <class Take>
  static void for_flags(const std::vector<word>& words, std::size_t from, std::string_view prefix, Take take) {
    for (std::size_t i = from; i < words.size() && words[i].text.starts_with("--"); ++i) {
      const std::vector<placed> all = unquoted(words[i]);
      if (text_of(all).starts_with(prefix)) take(words[i], std::span(all).subspan(prefix.size()));
    }
  }

  // The characters of a flag without quotes and escapes (extractBuilderFlags of BuildKit's parser). In a flag with a
  // continued line their places do not matter.
  static std::vector<placed> unquoted(const word& of) {
    std::vector<placed> out;
    char quote = 0;
    for (std::size_t i = 0; i < of.text.size(); ++i) {
      const char c = of.text[i];
      if (quote == 0 ? c == '"' || c == '\'' : c == quote) {
        quote = quote == 0 ? c : '\0';
        continue;
      }
      if (c == '\\' && ++i == of.text.size()) break;
      out.push_back({of.text[i], of.begin + i});
    }
    return out;
  }

  static std::string text_of(std::span<const placed> all) {
    std::string out;
    for (const placed& one : all) out += one.character;
    return out;
  }

  // A part of the flag. It is one piece where the flag is, and no quote is in it.
  static word word_of(const word& flag, std::span<const placed> all) {
    if (!flag.is_whole() || all.empty()) return {text_of(all), flag.begin, flag.end};
    return {text_of(all), all.front().at, all.back().at + 1};
  }

  void take_from(const std::vector<word>& words, std::size_t at) {
    while (at < words.size() && words[at].text.starts_with("--")) ++at;
    ++stages_;
    stage_ = fmt::format("stage {}", stages_ - 1);
    if (at >= words.size()) return;
    std::string name;
    if (at + 2 < words.size() && lowered(words[at + 1].text) == "as") name = lowered(words[at + 2].text);
    if (!name.empty()) stage_ = fmt::format("stage {}", name);
    take("FROM", words[at]);
    if (!name.empty()) names_.insert(std::move(name));
  }

  // A default of an ARG before the first FROM is valid in FROM.
  void take_argument(const word& of) {
    const std::size_t sign = of.text.find('=');
    if (sign == std::string::npos || stages_ > 0) return;
    const auto number = static_cast<std::size_t>(std::ranges::count(text_.substr(0, of.begin), '\n')) + 1;
    arguments_.insert_or_assign(of.text.substr(0, sign), number);
  }

  // "type=bind,from=image,source=/a": fields of CSV, which may have quotes of their own, and keys in capital letters
  // (ParseMount of BuildKit's instructions).
  void take_mount(const word& flag, std::span<const placed> value) {
    for (std::size_t i = 0; i <= value.size(); ++i) {
      std::vector<placed> field;
      const bool is_quoted = i < value.size() && value[i].character == '"';
      for (i += is_quoted ? 1 : 0; is_quoted && i < value.size(); ++i) {
        const bool ends = value[i].character == '"';
        if (ends && (i + 1 == value.size() || value[i + 1].character != '"')) break;
        field.push_back(value[i += ends ? 1 : 0]);
      }
      for (; i < value.size() && value[i].character != ','; ++i)
        if (!is_quoted) field.push_back(value[i]);
      constexpr std::string_view key = "from=";
      if (lowered(text_of(field)).starts_with(key))
        take("RUN --mount", word_of(flag, std::span(field).subspan(key.size())));
    }
  }

  void take(std::string_view place, word image) {
    dockerfile_image out{.place = place, .stage = stage_, .span = {image.begin, image.end}};
    out.is_whole = image.is_whole();
    drop_quotes(image, out.span);
    if (image.text.empty() || (place == "FROM" && image.text == "scratch")) return;
    const auto& stages = place == "FROM" ? names_ : all_names_;
    if (stages.contains(lowered(image.text)) || (place != "FROM" && is_number(image.text))) return;
    if (const std::size_t sign = image.text.find('$'); sign != std::string::npos) {
      std::size_t begin = sign + 1;
      if (begin < image.text.size() && image.text[begin] == '{') ++begin;
      std::size_t end = begin;
      while (end < image.text.size() && is_name_letter(image.text[end])) ++end;
      out.variable = image.text.substr(begin, end - begin);
      if (const auto found = arguments_.find(out.variable); found != arguments_.end())
        out.argument_line = found->second;
    }
    images_.push_back(std::move(out));
  }

  static void drop_quotes(word& image, text_span& span) {
    const auto is_quoted = [&](char quote) {
      return image.text.size() > 2 && image.text.front() == quote && image.text.back() == quote;
    };
    if (!image.is_whole() || (!is_quoted('"') && !is_quoted('\''))) return;
    image.text = image.text.substr(1, image.text.size() - 2);
    ++span.begin;
    --span.end;
  }

  std::string_view text_;
  char escape_ = '\\';
  std::size_t stages_ = 0;
  std::string stage_ = "Dockerfile";
  // Of the stages so far.
  std::set<std::string, std::less<>> names_;
  const std::set<std::string, std::less<>> all_names_;
  std::map<std::string, std::size_t, std::less<>> arguments_;
  std::vector<dockerfile_image> images_;
};

}  // namespace

std::vector<dockerfile_image> read_dockerfile(std::string_view text) {
  reader first(text, {});
  static_cast<void>(first.read());
  return reader(text, first.names()).read();
}

yaml::source dockerfile_source(std::string_view text) {
  std::vector<yaml::text_span> spans;
  for (const dockerfile_image& one : read_dockerfile(text)) spans.push_back(one.span);
  return list_of_spans(text, spans);
}

}  // namespace pinhook::files
