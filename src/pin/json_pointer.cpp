#include <pinhook/pin/json_pointer.hpp>

#include <algorithm>

namespace pinhook::pin {

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

bool is_index(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace pinhook::pin
