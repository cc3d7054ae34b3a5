// Dice that fall the same way in every run, and matching of stars as slow and plain as can be, to compare with.
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

/// The meaning of `*` and `**`, by trying every way.
inline bool matches_plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() && matches_plainly(pattern.substr(1), text.substr(1));
  }
  const bool is_deep = pattern.starts_with("**");
  if (matches_plainly(pattern.substr(is_deep ? 2 : 1), text)) return true;
  return !text.empty() && (is_deep || text.front() != '/') && matches_plainly(pattern, text.substr(1));
}

}  // namespace pinhook::testing
