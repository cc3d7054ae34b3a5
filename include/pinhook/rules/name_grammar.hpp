// The grammar of canonical image names, "docker.io/library/nginx", as a table: one state and one character give the
// next state. So it can be decided whether a pattern matches any name, and many patterns can be searched together.
//
// Agrees with registry/reference.cpp, except for lengths. Immutable; any thread.
#pragma once

#include <pinhook/base/glob.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {

class name_grammar {
 public:
  using state = std::uint8_t;
  /// No name begins like that.
  static constexpr state dead = 0;
  static constexpr state start = 1;

  [[nodiscard]] static const name_grammar& instance();

  [[nodiscard]] state next(state s, char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 128 ? rows_[s].next[byte] : dead;
  }
  /// The text read so far is a whole name.
  [[nodiscard]] bool is_end(state s) const { return rows_[s].is_end; }
  /// The text read so far ends after the registry.
  [[nodiscard]] bool is_in_repository(state s) const { return rows_[s].is_in_repository; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  [[nodiscard]] bool accepts(std::string_view name) const;

 private:
  struct row {
    std::array<state, 128> next{};
    bool is_end = false;
    bool is_in_repository = false;
  };

  name_grammar();
  std::vector<row> rows_;
};

/// The result of a search for a name that a pattern matches.
struct found_name {
  /// The one with the shortest repository; empty when no image has such a name.
  std::string name;
  /// Bytes of its repository.
  std::size_t repository_size = 0;
  /// When none was found: the number of bytes of the pattern that begin some name.
  std::size_t fits = 0;
};
[[nodiscard]] found_name shortest_name(const glob& pattern);

/// True when `wide` matches every name that `narrow` matches. False also after `step_limit` steps without an answer.
inline constexpr std::size_t step_limit = 2'000;
[[nodiscard]] bool covers_names(const glob& wide, const glob& narrow);

}  // namespace pinhook::rules
