#include <pinhook/base/json.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/format.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <cstdint>

namespace pinhook::json {
namespace {

// Depth is counted before parsing: the parser has no limit of its own and the DOM of a deep value cannot be walked
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
  // RapidJSON takes a NUL for the end of the text and does not look at what stands behind it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail(error_code::malformed, fmt::format("not valid JSON at byte {}: a NUL byte", nul));
  // And it drops bytes of a byte order mark, whole or not.
  if (!text.empty() && (static_cast<unsigned char>(text.front()) & 0x80) != 0)
    return fail(error_code::malformed, "not valid JSON at byte 0: no value begins so");
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

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  const bool is_ascii = std::ranges::none_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
  std::string repaired;
  if (!is_ascii) text = repaired = valid_utf8(text);
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    while (at < text.size() && is_plain(text[at])) ++at;
    out.append(text.substr(start, at - start));
    if (at < text.size()) append_escaped(out, text[at++]);
  }
  out += '"';
}

}  // namespace pinhook::json
