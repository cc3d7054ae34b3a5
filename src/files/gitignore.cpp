#include <pinhook/files/gitignore.hpp>

#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

namespace pinhook::files {
namespace {

// Trailing spaces are ignored, unless a `\` precedes them.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      if (++i == line.size()) return line;
      end = i + 1;
    } else if (line[i] != ' ') {
      end = i + 1;
    }
  }
  return line.substr(0, end);
}

// The path below `base`; none when it is not below.
std::optional<std::string_view> below(std::string_view base, std::string_view path) {
  if (base.empty()) return path;
  if (path.size() <= base.size() || !path.starts_with(base) || path[base.size()] != '/') return std::nullopt;
  return path.substr(base.size() + 1);
}

}  // namespace

void gitignore::add(std::string_view directory, std::string_view text) {
  before_.push_back(rules_.size());
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    add_line(directory, line.substr(0, line.find('\0')));
  }
}

void gitignore::add_line(std::string_view directory, std::string_view line) {
  if (line.starts_with('#')) return;
  line = without_trailing_spaces(line);
  const bool is_negated = line.starts_with('!');
  if (is_negated) line.remove_prefix(1);
  const bool wants_directory = line.ends_with('/');
  if (wants_directory) line.remove_suffix(1);
  const bool is_anchored = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  if (line.empty()) return;
  auto pattern = path_pattern::parse(line);
  if (!pattern) return;
  rules_.push_back({std::string(directory), std::move(*pattern), is_negated, wants_directory, is_anchored});
}

void gitignore::drop_last() {
  if (before_.empty()) return;
  rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(before_.back()), rules_.end());
  before_.pop_back();
}

bool gitignore::ignores(std::string_view path, bool is_directory) const {
  const auto slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const auto& one : rules_ | std::views::reverse) {
    if (one.wants_directory && !is_directory) continue;
    const auto inside = below(one.base, path);
    if (inside && one.pattern.matches(one.is_anchored ? *inside : name)) return !one.is_negated;
  }
  return false;
}

}  // namespace pinhook::files
