#include <pinhook/base/nearest_word.hpp>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace pinhook {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table: that of the letter before the last one, of the last one, and of this one.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    now[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = last[j] + (a[i] == b[j] ? 0 : 1);
      now[j + 1] = std::min({replaced, last[j + 1] + 1, now[j] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j]) now[j + 1] = std::min(now[j + 1], before[j - 1] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last.back();
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > max_slip_size) return {};
  std::string_view best;
  std::size_t least = word.size() / 3 + 1;
  for (const std::string_view candidate : known)
    if (const auto d = edit_distance(word, candidate); d < least) {
      least = d;
      best = candidate;
    }
  return best;
}

}  // namespace pinhook
