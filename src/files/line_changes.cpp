#include <pinhook/files/line_changes.hpp>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace pinhook::files {
namespace {

constexpr std::size_t max_marks = 4096;

// Equal lines have equal numbers.
using numbered = std::span<const std::uint32_t>;

void extend(std::vector<replaced_lines>& all, const replaced_lines& next) {
  if (!all.empty() && all.back().old_to == next.old_from && all.back().to == next.from) {
    all.back().old_to = next.old_to;
    all.back().to = next.to;
  } else {
    all.push_back(next);
  }
}

// Myers, "An O(ND) Difference Algorithm" (1986): reach[k] is the furthest line of the old text on diagonal k (old line
// less new line) with d lines removed or added. Each round is kept to find the way back.
class shortest_way {
 public:
  shortest_way(numbered before, numbered after) : before_(before), after_(after) {}

  std::optional<std::vector<replaced_lines>> find(std::size_t effort) {
    const std::size_t most = std::min({effort, before_.size() + after_.size(),
                                       static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() / 4)});
    for (std::int64_t d = 0; d <= static_cast<std::int64_t>(most); ++d)
      if (advance(d)) return way_back(d);
    return std::nullopt;
  }

 private:
  // Diagonals -d, -d + 2, …, d of round d, in this order.
  using round = std::vector<std::int32_t>;

  [[nodiscard]] static std::int64_t reach(const round& r, std::int64_t d, std::int64_t k) {
    return k < -d || k > d ? -1 : r[static_cast<std::size_t>((k + d) / 2)];
  }

  // True when round d reaches diagonal k by an added line, from the diagonal above; false when by a removed line.
  [[nodiscard]] bool comes_by_adding(std::int64_t d, std::int64_t k) const {
    const round& last = rounds_[static_cast<std::size_t>(d - 1)];
    return k == -d || (k != d && reach(last, d - 1, k - 1) < reach(last, d - 1, k + 1));
  }

  // The start of round d on diagonal k, before it follows equal lines.
  [[nodiscard]] std::int64_t start(std::int64_t d, std::int64_t k) const {
    if (d == 0) return 0;
    const round& last = rounds_[static_cast<std::size_t>(d - 1)];
    return comes_by_adding(d, k) ? reach(last, d - 1, k + 1) : reach(last, d - 1, k - 1) + 1;
  }

  // One more line; true when both texts are at their end.
  bool advance(std::int64_t d) {
    const auto n = static_cast<std::int64_t>(before_.size());
    const auto m = static_cast<std::int64_t>(after_.size());
    round next;
    next.reserve(static_cast<std::size_t>(d) + 1);
    bool is_done = false;
    for (std::int64_t k = -d; k <= d; k += 2) {
      std::int64_t x = start(d, k);
      while (x < n && x - k < m && x - k >= 0 &&
             before_[static_cast<std::size_t>(x)] == after_[static_cast<std::size_t>(x - k)])
        ++x;
      next.push_back(static_cast<std::int32_t>(x));
      is_done = is_done || (x >= n && x - k >= m);
    }
    rounds_.push_back(std::move(next));
    return is_done;
  }

  [[nodiscard]] std::vector<replaced_lines> way_back(std::int64_t d) const {
    std::vector<replaced_lines> backwards;
    std::int64_t k = static_cast<std::int64_t>(before_.size()) - static_cast<std::int64_t>(after_.size());
    for (; d > 0; --d) {
      const bool adds = comes_by_adding(d, k);
      const auto x = static_cast<std::size_t>(start(d, k));
      const auto y = static_cast<std::size_t>(start(d, k) - k);
      backwards.push_back(adds ? replaced_lines{x, x, y - 1, y} : replaced_lines{x - 1, x, y, y});
      k += adds ? 1 : -1;
    }
    std::vector<replaced_lines> out;
    for (auto at = backwards.rbegin(); at != backwards.rend(); ++at) extend(out, *at);
    return out;
  }

  numbered before_, after_;
  std::vector<round> rounds_;
};

std::vector<replaced_lines> line_by_line(numbered before, numbered after) {
  if (before.size() != after.size()) return {{0, before.size(), 0, after.size()}};
  std::vector<replaced_lines> out;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] != after[i]) extend(out, {i, i + 1, i, i + 1});
  return out;
}

// Some bits of a line, to tell most lines apart without a hash of all of it.
std::size_t mark_of_line(std::string_view line) {
  if (line.empty()) return 0;
  const auto at = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(line[i])}; };
  return (line.size() * 31 + at(line.size() / 2) * 7 + at(0)) % max_marks;
}

// The lines at their own places that differ, when this is the only shortest change, as for a file whose images were
// pinned: none of these lines is anywhere else in the other text, so that all others are equal to that of their own
// place and to no other one's turn. None: that is not so.
std::optional<std::vector<replaced_lines>> changes_in_place(std::span<const std::string_view> before,
                                                            std::span<const std::string_view> after) {
  if (before.size() != after.size()) return std::nullopt;
  std::vector<replaced_lines> out;
  std::unordered_set<std::string_view> removed;
  std::unordered_set<std::string_view> added;
  std::bitset<max_marks> marks;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    extend(out, {i, i + 1, i, i + 1});
    removed.insert(before[i]);
    added.insert(after[i]);
    marks.set(mark_of_line(before[i]));
    marks.set(mark_of_line(after[i]));
  }
  const auto is_other = [&](std::string_view line) {
    return !marks.test(mark_of_line(line)) || (!removed.contains(line) && !added.contains(line));
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool is_alone =
        before[i] == after[i] ? is_other(before[i]) : !added.contains(before[i]) && !removed.contains(after[i]);
    if (!is_alone) return std::nullopt;
  }
  return out;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(out.back().size());
  }
  return out;
}

std::vector<replaced_lines> changes_between(const std::vector<std::string_view>& before,
                                            const std::vector<std::string_view>& after, std::size_t effort) {
  const auto same_start = static_cast<std::size_t>(std::ranges::mismatch(before, after).in1 - before.begin());
  std::size_t same_end = 0;
  const auto most = std::min(before.size(), after.size()) - same_start;
  while (same_end < most && before[before.size() - same_end - 1] == after[after.size() - same_end - 1]) ++same_end;

  const auto place_back = [&](std::vector<replaced_lines> all) {
    for (auto& change : all) {
      change.old_from += same_start;
      change.old_to += same_start;
      change.from += same_start;
      change.to += same_start;
    }
    return all;
  };
  const auto middle_of = [&](const std::vector<std::string_view>& lines) {
    return std::span(lines).subspan(same_start, lines.size() - same_end - same_start);
  };
  if (auto found = changes_in_place(middle_of(before), middle_of(after))) return place_back(*std::move(found));

  std::unordered_map<std::string_view, std::uint32_t> numbers;
  const auto number = [&](const std::vector<std::string_view>& lines) {
    std::vector<std::uint32_t> out;
    for (std::size_t i = same_start; i < lines.size() - same_end; ++i)
      out.push_back(numbers.try_emplace(lines[i], static_cast<std::uint32_t>(numbers.size())).first->second);
    return out;
  };
  const auto old_middle = number(before);
  const auto middle = number(after);
  if (old_middle.empty() && middle.empty()) return {};
  auto found = shortest_way(old_middle, middle).find(effort);
  return place_back(found ? std::move(*found) : line_by_line(old_middle, middle));
}

}  // namespace pinhook::files
