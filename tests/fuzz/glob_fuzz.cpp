// A pattern with stars and a text, split by the first line feed: the glob matches as trying every way does, and where
// it covers the text, taken for a pattern, it matches what that pattern is shortest for.
#include "support/dice.hpp"

#include <pinhook/base/glob.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t longest = 128;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos || size > longest) return 0;
  const std::string_view pattern = input.substr(0, end);
  const std::string_view text = input.substr(end + 1);
  const pinhook::glob compiled{pattern};
  if (compiled.matches(text) != pinhook::testing::matches_plainly(pattern, text)) std::abort();
  std::string shortest;
  for (const char c : text)
    if (c != '*') shortest += c;
  if (compiled.covers(pinhook::glob{text}) && !compiled.matches(shortest)) std::abort();
  return 0;
}
