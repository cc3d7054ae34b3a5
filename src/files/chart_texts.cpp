#include <pinhook/files/chart_texts.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/pin/image_parts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace pinhook::files {
namespace {

using value_form = values_place::form;

bool is_mark(char c) { return c == text_value || c == text_number || c == text_edge; }

// Characters that cannot be part of an image: they are around it, in quotes, lists and arguments.
bool is_around(char c) { return std::string_view(" \t\r\"'`=,;()[]{}<>|").contains(c); }

bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("._-/").contains(c);
}

bool is_there(const std::vector<values_path>& paths, const values_path& value) {
  return std::ranges::any_of(paths, [&](const values_path& used) {
    return std::ranges::equal(used, value,
                              [](const std::string& a, const std::string& b) { return a == b || a == "*"; });
  });
}

// The text directly before and after one value, up to the next value or the end of the image.
struct neighbours {
  std::string_view before, behind;
  /// The marks where that text ends. None: the image ends there.
  std::optional<char> mark_before, mark_behind;
  /// The text after the edge of a block that follows: it may be in the output.
  std::string_view behind_edge;
  bool is_number = false;
};

std::string_view taken(std::string_view rest) {
  return rest.substr(
      0, static_cast<std::size_t>(std::ranges::find_if(rest, [](char c) { return is_mark(c) || is_around(c); }) -
                                  rest.begin()));
}

neighbours neighbours_at(std::string_view text, std::size_t at) {
  neighbours out;
  out.is_number = text[at] == text_number;
  std::size_t begin = at;
  while (begin > 0 && !is_mark(text[begin - 1]) && !is_around(text[begin - 1])) --begin;
  out.before = text.substr(begin, at - begin);
  if (begin > 0 && is_mark(text[begin - 1])) out.mark_before = text[begin - 1];
  const std::string_view rest = text.substr(at + 1);
  out.behind = taken(rest);
  if (out.behind.size() == rest.size() || !is_mark(rest[out.behind.size()])) return out;
  out.mark_behind = rest[out.behind.size()];
  if (out.behind.empty() && *out.mark_behind == text_edge) out.behind_edge = taken(rest.substr(1));
  return out;
}

class text_judge {
 public:
  text_judge(const written_text& text, const values_place& value, use_verdict& into)
      : text_(text), value_(value), into_(into), path_(value.mapping), name_(value.mapping) {
    path_.push_back(value.key);
    name_.push_back(value.name_key);
  }

  void judge() {
    std::size_t index = 0;
    std::optional<std::size_t> name;
    for (std::size_t at = 0; at < text_.text.size(); ++at) {
      if (text_.text[at] != text_value && text_.text[at] != text_number) continue;
      const auto& paths = text_.values[index++];
      if (is_there(paths, path_)) {
        if (value_.is_whole())
          judge_whole(neighbours_at(text_.text, at));
        else if (name)
          judge_pair(*name, at);
      } else if (is_there(paths, name_)) {
        name = at;
        registry_ = index < 2 ? nullptr : &text_.values[index - 2];
      }
    }
  }

 private:
  [[nodiscard]] std::string writes(std::string_view text, std::string_view place) const {
    return fmt::format("{}:{} writes {} {}", text_.file, text_.line, pinhook::quoted(text), place);
  }
  void conflict(std::string_view text, std::string_view place) {
    if (into_.conflict.empty()) into_.conflict = writes(text, place);
  }
  void doubt(std::string_view text, std::string_view place) {
    if (into_.doubt.empty()) into_.doubt = writes(text, place);
  }

  void judge_whole(const neighbours& by) {
    if (!text_.is_image) return;
    if (!by.before.empty() && is_name_char(by.before.back())) conflict(by.before, "before it");
    if (by.behind.empty()) return;
    if (is_name_char(by.behind.front()) || by.behind.front() == ':' || by.behind.front() == '@')
      conflict(by.behind, "after it");
  }

  void judge_pair(std::size_t name, std::size_t at) {
    judge_name(neighbours_at(text_.text, name));
    const neighbours by = neighbours_at(text_.text, at);
    if (by.is_number && into_.conflict.empty())
      into_.conflict = fmt::format("{}:{} writes it as a number", text_.file, text_.line);
    if (value_.takes != value_form::tag) {
      const bool has_algorithm = by.before.ends_with(pin::digest_algorithm);
      if (has_algorithm && value_.takes == value_form::digest) conflict(pin::digest_algorithm, "before it");
      if (by.before.ends_with('@') && value_.takes == value_form::hex) conflict("@", "before it, without sha256:");
      return;
    }
    if (!by.before.empty() && is_name_char(by.before.back()))
      conflict(by.before.substr(by.before.rfind(':') + 1), "before it");  // npos + 1 is 0
    if (!by.behind.empty() && is_name_char(by.behind.front()))
      conflict(by.behind, "after it");
    else if (!by.behind_edge.empty() && is_name_char(by.behind_edge.front()))
      doubt(by.behind_edge, "after it");
  }

  void judge_name(const neighbours& by) {
    if (!by.behind.empty() && is_name_char(by.behind.front()))
      conflict(by.behind.substr(0, by.behind.find_first_of(":@")), "after its name");
    if (by.before.empty()) return;
    if (!by.mark_before) {
      // The default registry of a name without one.
      const bool is_default = by.before == "docker.io/" && value_.name.contains('/');
      if (!is_default && is_name_char(by.before.back())) conflict(by.before, "before its name");
    } else if (*by.mark_before == text_value && !is_known_registry()) {
      doubt(by.before == "/" ? "a value" : by.before, "before its name");
    }
  }

  // True for a registry in the image's own mapping, or in `global`.
  [[nodiscard]] bool is_known_registry() const {
    return registry_ != nullptr && std::ranges::any_of(*registry_, [&](const values_path& path) {
             return !path.empty() &&
                    (path.front() == "global" ||
                     (path.size() > value_.mapping.size() &&
                      std::ranges::equal(std::span(path).first(value_.mapping.size()), value_.mapping)));
           });
  }

  const written_text& text_;
  const values_place& value_;
  use_verdict& into_;
  values_path path_, name_;
  const std::vector<values_path>* registry_ = nullptr;
};

}  // namespace

use_verdict judge_texts(std::span<const written_text> texts, const values_place& value) {
  use_verdict out;
  for (const written_text& one : texts) text_judge(one, value, out).judge();
  return out;
}

}  // namespace pinhook::files
