#include <pinhook/base/json_pointer.hpp>

#include <algorithm>
#include <cstddef>

namespace pinhook {

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  if (std::ranges::none_of(name, [](char c) { return c == '~' || c == '/'; })) {
    pointer += name;
    return;
  }
  for (const char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

std::string take_part(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view part = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(part.size());
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool is_escape = part[i] == '~' && i + 1 < part.size();
    out += !is_escape ? part[i] : part[i + 1] == '1' ? '/' : '~';
    if (is_escape) ++i;
  }
  return out;
}

bool is_index(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace pinhook
