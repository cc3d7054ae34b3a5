#include <pinhook/console/object_text.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::console {
namespace {

// What YAML 1.1 or 1.2 reads as something else than a text.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 12> words{"true", "false", "null", "yes", "no",   "on",
                                                   "off",  "y",     "n",    "~",   ".nan", ".inf"};
  return std::ranges::find(words, lowered(text)) != words.end();
}

// A text that needs no quotes, with certainty; others may not need them either.
bool is_plain(std::string_view text) {
  if (text.empty() || is_reserved(text) || text.back() == ':') return false;
  const auto is_word = [](char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_'; };
  if (!is_word(text.front()) && text.front() != '/') return false;
  constexpr std::string_view marks = "./@:+=-";
  if (!std::ranges::all_of(text, [&](char c) { return is_word(c) || marks.find(c) != std::string_view::npos; }))
    return false;
  // A number, a time, or a form of either.
  constexpr std::string_view of_numbers = "0123456789.:+-_eExXoOabcdefABCDEF";
  return !is_digit(text.front()) ||
         !std::ranges::all_of(text, [&](char c) { return of_numbers.find(c) != std::string_view::npos; });
}

std::string scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  // A JSON string is a quoted scalar of YAML, in one line.
  std::string out;
  json::append_string(out, text);
  return out;
}

// RFC 6901.
std::string step(std::string_view key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

class writer {
 public:
  explicit writer(const std::set<std::string, std::less<>>& pointers) : pointers_(pointers) {}

  // The members of an object; `first`: what stands before the first of them.
  void members(const json::value& of, std::string_view first, std::size_t indent, const std::string& pointer) {
    for (const auto& one : of.GetObject()) {
      const std::string_view key = json::text_of(one.name);
      const std::string at = pointer + step(key);
      if (is_left_out(at)) continue;
      std::string line = first.empty() ? std::string(indent, ' ') : std::string(first);
      first = {};
      line += scalar(key) + ":";
      value(one.value, std::move(line), indent + 2, at);
    }
  }

  [[nodiscard]] bool is_full() const { return out_.lines.size() > max_object_lines; }
  [[nodiscard]] object_text take() { return std::move(out_); }

 private:
  // Server-side bookkeeping, in part the whole object once more.
  static bool is_left_out(std::string_view pointer) {
    return pointer == "/status" || pointer == "/metadata/managedFields" ||
           pointer == "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
  }

  // A value behind "key:" or "-".
  void value(const json::value& of, std::string line, std::size_t indent, const std::string& pointer) {
    if (is_full()) return;
    const bool has_parts = (of.IsObject() && !of.ObjectEmpty()) || (of.IsArray() && !of.Empty());
    if (!has_parts) {
      if (pointers_.contains(pointer)) out_.places.push_back({pointer, out_.lines.size() + 1});
      out_.lines.push_back(std::move(line) + " " + text_of(of));
      return;
    }
    if (of.IsArray()) {
      out_.lines.push_back(std::move(line));
      items(of, indent, pointer);
      return;
    }
    out_.lines.push_back(std::move(line));
    members(of, {}, indent, pointer);
  }

  void items(const json::value& of, std::size_t indent, const std::string& pointer) {
    std::size_t i = 0;
    for (const json::value& one : of.GetArray()) {
      const std::string at = pointer + "/" + std::to_string(i++);
      std::string dash = std::string(indent, ' ') + "-";
      if (one.IsObject() && !one.ObjectEmpty())
        members(one, dash + " ", indent + 2, at);
      else
        value(one, std::move(dash), indent + 2, at);
    }
  }

  static std::string text_of(const json::value& of) {
    if (of.IsString()) return scalar(json::text_of(of));
    if (of.IsBool()) return of.GetBool() ? "true" : "false";
    if (of.IsObject()) return "{}";
    if (of.IsArray()) return "[]";
    if (of.IsInt64()) return std::to_string(of.GetInt64());
    if (of.IsUint64()) return std::to_string(of.GetUint64());
    if (of.IsDouble()) return fmt::format("{}", of.GetDouble());
    return "null";
  }

  const std::set<std::string, std::less<>>& pointers_;
  object_text out_;
};

}  // namespace

result<object_text> object_text_of(std::string_view text, const std::set<std::string, std::less<>>& pointers) {
  const auto object = json::parse(text);
  if (!object) return fail(object.error());
  if (!object->IsObject()) return fail(error_code::malformed, "it is no JSON object");
  writer out(pointers);
  out.members(*object, {}, 0, {});
  if (out.is_full()) return fail(error_code::unsupported, fmt::format("it has more than {} lines", max_object_lines));
  return out.take();
}

}  // namespace pinhook::console
