#include <pinhook/files/diff.hpp>

#include <pinhook/files/line_changes.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <vector>

namespace pinhook::files {
namespace {

constexpr std::size_t context = 3;

using lines = std::vector<std::string_view>;

// The name as git writes it; names with control characters, quotes or backslashes are quoted.
std::string written_name(std::string_view path) {
  const auto is_plain = [](unsigned char c) { return c >= ' ' && c != 127 && c != '"' && c != '\\'; };
  if (std::ranges::all_of(path, is_plain)) {
    // The name ends at a tab: without one, `patch` would end it at a space.
    return fmt::format("{}{}", path, path.find(' ') == std::string_view::npos ? "" : "\t");
  }
  std::string out = "\"";
  for (const char c : path) {
    if (is_plain(static_cast<unsigned char>(c))) {
      out += c;
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

std::string_view below_root(std::string_view path) {
  for (;;) {
    if (path.starts_with('/')) {
      path.remove_prefix(1);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else {
      return path;
    }
  }
}

// "12,3"; for an empty range, the line before it.
std::string range(std::size_t from, std::size_t count) {
  if (count == 1) return fmt::format("{}", from + 1);
  return fmt::format("{},{}", count == 0 ? from : from + 1, count);
}

void put_lines(std::string& out, char mark, const lines& all, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    out += mark;
    out += all[i];
    if (!all[i].ends_with('\n')) out += "\n\\ No newline at end of file\n";
  }
}

// Writes changes that are so near to each other that their context lines meet as one hunk.
void put_hunk(std::string& out, std::span<const replaced_lines> changes, const lines& before, const lines& after) {
  const replaced_lines& first = changes.front();
  const replaced_lines& last = changes.back();
  const std::size_t lead = std::min(context, first.old_from);
  const std::size_t tail = std::min(context, before.size() - last.old_to);
  const std::size_t old_from = first.old_from - lead;
  const std::size_t from = first.from - lead;
  out += fmt::format("@@ -{} +{} @@\n", range(old_from, last.old_to + tail - old_from),
                     range(from, last.to + tail - from));
  std::size_t at = old_from;
  for (const auto& change : changes) {
    put_lines(out, ' ', before, at, change.old_from);
    put_lines(out, '-', before, change.old_from, change.old_to);
    put_lines(out, '+', after, change.from, change.to);
    at = change.old_to;
  }
  put_lines(out, ' ', before, at, at + tail);
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view before, std::string_view after, std::size_t effort) {
  if (before == after) return {};
  const lines old_lines = lines_of(before);
  const lines new_lines = lines_of(after);
  const auto changes = changes_between(old_lines, new_lines, effort);
  const std::string_view name = below_root(path);
  std::string out =
      fmt::format("--- {}\n+++ {}\n", written_name(fmt::format("a/{}", name)), written_name(fmt::format("b/{}", name)));
  for (std::size_t first = 0; first < changes.size();) {
    std::size_t end = first + 1;
    while (end < changes.size() && changes[end].old_from - changes[end - 1].old_to <= 2 * context) ++end;
    put_hunk(out, std::span(changes).subspan(first, end - first), old_lines, new_lines);
    first = end;
  }
  return out;
}

}  // namespace pinhook::files
