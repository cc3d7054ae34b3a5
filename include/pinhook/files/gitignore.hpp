// The patterns of .gitignore files (gitignore(5)), which say which files git ignores.
//
//   gitignore rules;
//   rules.add("", "*.tmp\n/build/\n");
//   rules.ignores("deploy/web.tmp", false);
//
// A value; any thread. No I/O.
#pragma once

#include <pinhook/files/path_pattern.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

class gitignore {
 public:
  /// The rules of one file, which apply below `directory` (relative to the root of the walk, "" for the root itself,
  /// no trailing '/'). Later rules win over earlier ones, files added later over those added before: add a directory's
  /// file after its parents'. Lines that git would not understand are skipped, as git does. Case counts.
  void add(std::string_view directory, std::string_view text);
  /// Forgets the rules of the last `add`.
  void drop_last();

  /// Whether the path (relative to the root of the walk, parts joined by '/') is ignored by itself. A file below an
  /// ignored directory is ignored, too: a walk does not enter that directory.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory) const;

 private:
  struct rule {
    std::string base;
    path_pattern pattern;
    bool is_negated = false;
    bool wants_directory = false;
    /// True: matches the path below `base`. False: matches the last part of any path below.
    bool is_anchored = false;
  };
  void add_line(std::string_view directory, std::string_view line);

  std::vector<rule> rules_;
  /// The number of rules before each `add`.
  std::vector<std::size_t> before_;
};

}  // namespace pinhook::files
