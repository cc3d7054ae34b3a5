// Dice that fall the same way in every run, and matching of stars as plain as can be, to compare with.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

class dice {
 public:
  explicit dice(unsigned seed) : engine_(seed) {}
  /// 0 to n - 1.
  std::size_t roll(std::size_t n) { return engine_() % n; }
  bool once_in(std::size_t n) { return roll(n) == 0; }
  const std::string& one_of(const std::vector<std::string>& all) { return all[roll(all.size())]; }

 private:
  std::mt19937 engine_;
};

/// The meaning of `*` and `**`, by trying every way: of each end of the pattern, which ends of the text it matches.
inline bool matches_plainly(std::string_view pattern, std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = pattern; !rest.empty(); rest.remove_prefix(parts.back().size())) {
    const bool is_deep = rest.size() > 1 && rest[0] == '*' && rest[1] == '*';
    parts.push_back(rest.substr(0, is_deep ? 2 : 1));
  }
  std::vector<char> matched(text.size() + 1, 0);
  matched.back() = 1;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->front() != '*') {
      for (std::size_t i = 0; i < text.size(); ++i) matched[i] = text[i] == part->front() ? matched[i + 1] : char(0);
      matched.back() = 0;
      continue;
    }
    for (std::size_t i = text.size(); i-- > 0;)
      if (matched[i + 1] != 0 && (part->size() == 2 || text[i] != '/')) matched[i] = 1;
  }
  return matched.front() != 0;
}

}  // namespace pinhook::testing
