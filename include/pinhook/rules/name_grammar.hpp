// Which names images can have in canonical form, "docker.io/library/nginx", as a table: one state and one character
// give the next state. So patterns can be asked whether any image is called like that, and searched together.
//
// Says the same as registry/reference.cpp, but for lengths. Immutable; any thread.
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
  /// What was read is a whole name.
  [[nodiscard]] bool is_end(state s) const { return rows_[s].is_end; }
  /// What was read ends behind the registry.
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

/// What searching for a name that a pattern matches gives.
struct found_name {
  /// The one with the shortest repository; empty when no image is called like that.
  std::string name;
  /// Bytes of its repository.
  std::size_t repository_size = 0;
  /// None found: how many bytes of the pattern some name begins like.
  std::size_t fits = 0;
};
[[nodiscard]] found_name shortest_name(const glob& pattern);

/// Whether `wide` matches every name that `narrow` matches. False also after `step_limit` steps without an answer.
inline constexpr std::size_t step_limit = 2'000;
[[nodiscard]] bool covers_names(const glob& wide, const glob& narrow);

}  // namespace pinhook::rules
