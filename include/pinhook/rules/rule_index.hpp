// Finds the few rules that can match a subject, in their order: by the literal parts of their patterns.
//
//   rule_index index(matchers);
//   for (rule_index::walk w(index, subject); const auto* e = w.next();) …   // e->rule may match; ask its matcher
//
// Each pattern is in the shortest list that its texts allow: that of its whole name, of its name and tag, of its
// digest, of its literal begin up to a '/' or end from one, of its tag; or its rule is in those of its namespaces or
// containers. Patterns without any of these are in one list for all, and there, as everywhere, 24 bytes of bits give
// the pairs of letters that an entry needs: most are skipped in a nanosecond.
//
// Immutable; any thread. Nothing is allocated to walk.
#pragma once

#include <pinhook/rules/matcher.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// Pairs of adjacent letters, as bits.
struct letter_pairs {
  std::array<std::uint64_t, 2> image{};
  std::uint64_t place = 0;

  [[nodiscard]] bool are_in(const letter_pairs& other) const {
    return ((image[0] & ~other.image[0]) | (image[1] & ~other.image[1]) | (place & ~other.place)) == 0;
  }
};

class rule_index {
 public:
  struct entry {
    static constexpr std::uint32_t every_image = std::numeric_limits<std::uint32_t>::max();
    letter_pairs needs;
    std::uint32_t rule = 0;
    /// The index of the rule's image that this is about; every_image: all of them.
    std::uint32_t image = every_image;
  };

  /// Parts of a name that literal begins and ends are looked up for.
  static constexpr std::size_t max_depth = 8;

  rule_index() = default;
  explicit rule_index(std::span<const matcher> rules);

  class walk {
   public:
    /// `index` and the texts of `s` must outlive this.
    walk(const rule_index& index, const subject& s);

    /// Ordered by rule. Null: no more.
    [[nodiscard]] const entry* next();

   private:
    struct cursor {
      const entry* at;
      const entry* end;
    };
    void add(std::span<const entry> list);
    /// Moves to the first entry from here on that can match.
    bool settle(cursor& c) const;
    void add_ends(const rule_index& index, std::string_view name);
    void add_name(const rule_index& index, const subject& s);

    letter_pairs has_;
    std::size_t size_ = 0;
    std::array<cursor, 2 * max_depth + 8> cursors_;
  };

 private:
  struct bucket {
    std::uint64_t key = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  [[nodiscard]] std::span<const entry> find(std::uint64_t key) const;
  void fill(std::vector<std::pair<std::uint64_t, entry>> all);

  /// A power of two of places, at most half of them used.
  std::vector<bucket> buckets_;
  /// List by list; those without a key at the end, from unlisted_ on.
  std::vector<entry> entries_;
  std::size_t unlisted_ = 0;
  /// Sorts of keys that occur, and the depths at which begins and ends do: one bit each.
  std::uint32_t sorts_ = 0, begin_depths_ = 0, end_depths_ = 0;
};

}  // namespace pinhook::rules
