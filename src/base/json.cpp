#include <pinhook/base/json.hpp>

#include <pinhook/base/json_bytes.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/format.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

namespace pinhook::json {
namespace {

// Depth is counted before parsing: the parser has no limit of its own, and the DOM of a deep value cannot be walked
// safely.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

result<document> parse(std::string_view text, const parse_limits& limits) {
  if (text.size() > limits.size)
    return fail(error_code::malformed, fmt::format("JSON of {} bytes; the limit is {}", text.size(), limits.size));
  if (depth_of(text) > limits.depth)
    return fail(error_code::malformed, fmt::format("JSON nested deeper than {}", limits.depth));
  // RapidJSON takes a NUL for the end of the text and ignores the rest.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail(error_code::malformed, fmt::format("not valid JSON at byte {}: a NUL byte", nul));
  // It also drops bytes of a byte order mark, complete or not.
  if (!text.empty() && (static_cast<unsigned char>(text.front()) & 0x80) != 0)
    return fail(error_code::malformed, "not valid JSON at byte 0: invalid start of a value");
  document d;
  d.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (d.HasParseError())
    return fail(error_code::malformed, fmt::format("not valid JSON at byte {}: {}", d.GetErrorOffset(),
                                                   rapidjson::GetParseError_En(d.GetParseError())));
  return d;
}

const value* find(const value& v, std::string_view name) {
  if (!v.IsObject()) return nullptr;
  for (auto it = v.MemberBegin(); it != v.MemberEnd(); ++it)
    if (text_of(it->name) == name) return &it->value;
  return nullptr;
}

std::optional<std::string_view> find_string(const value& v, std::string_view name) {
  const value* found = find(v, name);
  if (found == nullptr || !found->IsString()) return std::nullopt;
  return text_of(*found);
}

std::optional<std::int64_t> find_integer(const value& v, std::string_view name) {
  const value* found = find(v, name);
  if (found == nullptr || !found->IsInt64()) return std::nullopt;
  return found->GetInt64();
}

std::optional<bool> find_bool(const value& v, std::string_view name) {
  const value* found = find(v, name);
  if (found == nullptr || !found->IsBool()) return std::nullopt;
  return found->GetBool();
}

namespace {

void append_escaped(std::string& out, char32_t c) {
  constexpr std::array<std::pair<char32_t, std::string_view>, 3> short_forms{
      {{'\n', R"(\n)"}, {'\r', R"(\r)"}, {'\t', R"(\t)"}}};
  for (const auto& [code, text] : short_forms) {
    if (code != c) continue;
    out += text;
    return;
  }
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  if (is_plain(text.data(), text.size())) {
    const std::size_t before = out.size();
    const std::size_t size = before + text.size() + 2;
    // libstdc++ 12 hands on the capacity, not the size.
    out.resize_and_overwrite(size, [&](char* to, std::size_t) {
      to[before] = '"';
      if (!text.empty()) std::memcpy(to + before + 1, text.data(), text.size());
      to[size - 1] = '"';
      return size;
    });
    return;
  }
  out += '"';
  while (true) {
    const char* const begin = text.data();
    const auto plain = static_cast<std::size_t>(find_remarkable(begin, begin + text.size()) - begin);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.front() == '"' || text.front() == '\\') {
      const std::array<char, 2> escaped{'\\', text.front()};
      out.append(escaped.data(), escaped.size());
      text.remove_prefix(1);
      continue;
    }
    const utf8_character c = first_character(text);
    if (c.size == 0)
      out += "\xef\xbf\xbd";
    else if (!is_printable(c.code))
      append_escaped(out, c.code);
    else
      out += text.substr(0, c.size);
    text.remove_prefix(std::max<std::size_t>(c.size, 1));
  }
  out += '"';
}

}  // namespace pinhook::json
