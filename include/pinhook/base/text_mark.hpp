// What a text was when it was read, to see before a file is replaced whether somebody else has changed it since.
//
//   const text_mark before = mark_of(text);
//   replace_files({{"deploy/web.yaml", changed, before}});    // refused when the file is another one by now
//
// Against accidents, not against attacks: the hash is not a cryptographic one. Any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace pinhook {

struct text_mark {
  std::size_t size = 0;
  std::size_t hash = 0;
  friend bool operator==(const text_mark&, const text_mark&) = default;
};

[[nodiscard]] inline text_mark mark_of(std::string_view text) {
  return {text.size(), std::hash<std::string_view>()(text)};
}

}  // namespace pinhook
