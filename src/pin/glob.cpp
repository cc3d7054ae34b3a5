#include <pinhook/pin/glob.hpp>

#include <vector>

namespace pinhook::pin {

// Column by column: can[j] says whether the pattern read so far matches the first j characters of the text.
bool matches(std::string_view pattern, std::string_view text) {
  std::vector<bool> can(text.size() + 1, false);
  can[0] = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      const bool crosses = pattern.substr(i, 2) == "**";
      if (crosses) ++i;
      for (std::size_t j = 1; j <= text.size(); ++j)
        if (can[j - 1] && (crosses || text[j - 1] != '/')) can[j] = true;
    } else {
      for (std::size_t j = text.size(); j > 0; --j) can[j] = can[j - 1] && text[j - 1] == pattern[i];
      can[0] = false;
    }
  }
  return can[text.size()];
}

}  // namespace pinhook::pin
