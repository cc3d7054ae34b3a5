#include <pinhook/trust/wire_json.hpp>

#include <pinhook/base/base64.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace pinhook::trust {

std::optional<std::string> decode_any_base64(std::string_view text) {
  if (text.find_first_of("-_") == std::string_view::npos) return decode_base64(text);
  std::string usual(text);
  std::ranges::replace(usual, '-', '+');
  std::ranges::replace(usual, '_', '/');
  return decode_base64(usual);
}

std::optional<std::string> bytes_in(const json::value& v, std::string_view name) {
  const json::value* found = json::find(v, name);
  if (found == nullptr || found->IsNull()) return std::string();
  if (!found->IsString()) return std::nullopt;
  return decode_any_base64(json::text_of(*found));
}

std::optional<std::int64_t> integer_in(const json::value& v, std::string_view name) {
  const json::value* found = json::find(v, name);
  if (found == nullptr || found->IsNull()) return 0;
  if (found->IsInt64()) return found->GetInt64();
  if (!found->IsString()) return std::nullopt;
  const std::string_view text = json::text_of(*found);
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string_view text_in(const json::value& v, std::string_view name) {
  return json::find_string(v, name).value_or(std::string_view());
}

std::vector<const json::value*> list_in(const json::value& v, std::string_view name) {
  std::vector<const json::value*> out;
  const json::value* found = json::find(v, name);
  if (found == nullptr || !found->IsArray()) return out;
  out.reserve(found->Size());
  for (const json::value& one : found->GetArray()) out.push_back(&one);
  return out;
}

const json::value* find_path(const json::value& v, std::initializer_list<std::string_view> names) {
  const json::value* at = &v;
  for (const std::string_view name : names) {
    at = json::find(*at, name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace pinhook::trust
