#include <pinhook/pipeline/replacement.hpp>

#include <pinhook/pipeline/line_finder.hpp>

#include <algorithm>

namespace pinhook::pipeline {

std::optional<replacement> changed_lines(std::string_view before, std::string_view after) {
  if (before == after) return std::nullopt;
  const auto [one, other] = std::ranges::mismatch(before, after);
  auto begin = static_cast<std::size_t>(one - before.begin());
  begin = begin == 0 ? 0 : before.rfind('\n', begin - 1) + 1;
  std::size_t same = 0;
  const auto most = std::min(before.size(), after.size()) - begin;
  while (same < most && before[before.size() - 1 - same] == after[after.size() - 1 - same]) ++same;
  // Go back to the end of a line in both.
  const auto tail = before.substr(before.size() - same);
  const auto line_end = tail.find('\n');
  same = line_end == std::string_view::npos ? 0 : same - line_end;
  if (same > 0 && line_end > 0 && tail[line_end - 1] == '\r') ++same;
  const auto end = before.size() - same;
  const auto [line, column] = place_in(before, begin);
  const auto [end_line, end_column] = place_in(before, end);
  return replacement{line, column, end_line, end_column, std::string(after.substr(begin, after.size() - same - begin))};
}

}  // namespace pinhook::pipeline
