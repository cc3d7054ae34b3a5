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

}  // namespace pinhook::pin
