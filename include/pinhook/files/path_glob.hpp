// A glob of the command line: the directory where a walk begins, the directories that it may skip, and the paths that
// match.
//
//   auto g = path_glob::parse("charts/*/values*.yaml");
//   g->directory();                     // "charts"
//   g->may_hold("redis", 0);            // true: the directory must be read
//   g->finds("redis/values.yaml", false);
//
// A value; any thread. No I/O.
#pragma once

#include <pinhook/files/path_pattern.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

class path_glob {
 public:
  /// True when the word has `*`, `?` or `[`.
  [[nodiscard]] static bool is_one(std::string_view word);

  /// None when it cannot match any path.
  [[nodiscard]] static std::optional<path_glob> parse(std::string_view word);

  /// The parts before the first special one, as written: "charts", "/srv", "" for the current directory.
  [[nodiscard]] const std::string& directory() const { return directory_; }

  /// True when a path below a directory can match. `name`: the directory's name; `depth`: the number of parts between
  /// directory() and it.
  [[nodiscard]] bool may_hold(std::string_view name, std::size_t depth) const;

  /// True when the path (relative to directory()) matches.
  [[nodiscard]] bool finds(std::string_view path, bool is_directory) const;

  /// True when the last part is `*` or `**` alone, so that it names no kind of file.
  [[nodiscard]] bool names_no_kind() const { return names_no_kind_; }

 private:
  std::string directory_;
  path_pattern whole_;
  // One for each part, up to the first that can match several parts.
  std::vector<path_pattern> parts_;
  // The number of parts; none when one of them can match several parts.
  std::optional<std::size_t> depth_;
  bool wants_directory_ = false;
  bool names_no_kind_ = false;
};

}  // namespace pinhook::files
