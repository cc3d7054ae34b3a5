#include <pinhook/trust/canonical_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::trust {
namespace {

void append_canonical_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

result<void> append_canonical(std::string& out, const json::value& v);

result<void> append_members(std::string& out, const json::value& object) {
  std::vector<const json::value::Member*> all;
  all.reserve(object.MemberCount());
  for (const auto& member : object.GetObject()) all.push_back(&member);
  const auto name = [](const json::value::Member* of) { return json::text_of(of->name); };
  std::ranges::sort(all, {}, name);
  if (const auto twice = std::ranges::adjacent_find(all, {}, name); twice != all.end())
    return fail(error_code::malformed, fmt::format("has two members {}", quoted(name(*twice), 60)));
  out += '{';
  for (const auto* member : all) {
    if (member != all.front()) out += ',';
    append_canonical_string(out, name(member));
    out += ':';
    if (auto good = append_canonical(out, member->value); !good) return good;
  }
  out += '}';
  return {};
}

// The depth of a parsed document is limited.
result<void> append_canonical(std::string& out, const json::value& v) {
  if (v.IsObject()) return append_members(out, v);
  if (v.IsString()) {
    append_canonical_string(out, json::text_of(v));
  } else if (v.IsArray()) {
    out += '[';
    for (rapidjson::SizeType i = 0; i < v.Size(); ++i) {
      if (i > 0) out += ',';
      if (auto good = append_canonical(out, v[i]); !good) return good;
    }
    out += ']';
  } else if (v.IsInt64()) {
    out += fmt::format("{}", v.GetInt64());
  } else if (v.IsUint64()) {
    out += fmt::format("{}", v.GetUint64());
  } else if (v.IsNumber()) {
    return fail(error_code::malformed, "has a number that is no integer of 64 bits");
  } else {
    out += v.IsNull() ? "null" : v.GetBool() ? "true" : "false";
  }
  return {};
}

}  // namespace

result<std::string> canonical_json(const json::value& v) {
  std::string out;
  if (auto good = append_canonical(out, v); !good) return fail(std::move(good.error()));
  return out;
}

}  // namespace pinhook::trust
