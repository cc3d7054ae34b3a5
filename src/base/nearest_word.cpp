#include <pinhook/base/nearest_word.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace pinhook {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = last[0];
    last[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = last[j + 1];
      last[j + 1] = std::min({replaced, last[j] + 1, last[j + 1] + 1});
    }
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
