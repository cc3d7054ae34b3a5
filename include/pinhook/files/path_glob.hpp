// A glob of the command line: where a walk for it begins, where it need not look, and what it finds.
//
//   auto g = path_glob::parse("charts/*/values*.yaml");
//   g->directory();                     // "charts"
//   g->may_hold("redis", 0);            // true: its files are looked at
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
  /// Whether the word has `*`, `?` or `[`.
  [[nodiscard]] static bool is_one(std::string_view word);

  /// Nothing when it can match no path.
  [[nodiscard]] static std::optional<path_glob> parse(std::string_view word);

  /// The parts in front of the first special one, as they were written: "charts", "/srv", "" for where we are.
  [[nodiscard]] const std::string& directory() const { return directory_; }

  /// Whether something below a directory can match; its name, and how many parts below directory() stand before it.
  [[nodiscard]] bool may_hold(std::string_view name, std::size_t depth) const;

  /// Whether it finds the path (relative to directory()).
  [[nodiscard]] bool finds(std::string_view path, bool is_directory) const;

  /// Its last part is `*` or `**` alone: it names no kind of file.
  [[nodiscard]] bool names_no_kind() const { return names_no_kind_; }

 private:
  std::string directory_;
  path_pattern whole_;
  // One a part, up to the first that can stand for several.
  std::vector<path_pattern> parts_;
  // Parts, or nothing when one of them can stand for several.
  std::optional<std::size_t> depth_;
  bool wants_directory_ = false;
  bool names_no_kind_ = false;
};

}  // namespace pinhook::files
