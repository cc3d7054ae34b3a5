#include <pinhook/rules/name_grammar.hpp>

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// All names that `narrow` matches are read at once: from a byte of `narrow` and a state of the grammar, each character
// that may follow leads on, together with the set of bytes of `wide` that can match the text read so far. A whole name
// at whose end `wide` is not at its own end is one that it misses.

namespace pinhook::rules {
namespace {

/// Bytes of a pattern that is searched: longer ones are compared by their text alone.
constexpr std::size_t max_searched_size = 127;

/// Bytes of `wide`, its end included, that the text read so far can be before.
struct places {
  std::uint64_t low = 0, high = 0;

  [[nodiscard]] bool has(std::size_t i) const { return ((i < 64 ? low >> i : high >> (i - 64)) & 1) != 0; }
  void add(std::size_t i) { (i < 64 ? low : high) |= std::uint64_t{1} << (i % 64); }
  friend auto operator<=>(const places&, const places&) = default;
};
static_assert(max_searched_size < 128);

/// Stars may match nothing.
void skip_stars(std::string_view wide, places& at) {
  for (std::size_t i = 0; i < wide.size(); ++i)
    if (at.has(i) && wide[i] == '*') at.add(i + (wide.substr(i, 2) == "**" ? 2 : 1));
}

places places_after(std::string_view wide, const places& at, char c) {
  places out;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (!at.has(i)) continue;
    if (wide[i] != '*') {
      if (wide[i] == c) out.add(i + 1);
    } else if (c != '/' || wide.substr(i, 2) == "**") {
      out.add(i);
    }
  }
  skip_stars(wide, out);
  return out;
}

/// The characters that represent all others: those of both patterns, those that the grammar looks at one by one, and of
/// the rest one of each sort.
std::string distinct_letters(std::string_view a, std::string_view b) {
  std::set<char> out(a.begin(), a.end());
  out.insert(b.begin(), b.end());
  for (const char c : std::string_view("0123456789./:-_[]index.docker.iolocalhost")) out.insert(c);
  for (const std::string_view sort : {"abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ"})
    for (const char c : sort)
      if (out.insert(c).second) break;
  out.erase('*');
  return {out.begin(), out.end()};
}

struct search_state {
  std::size_t at = 0;
  name_grammar::state in = name_grammar::start;
  places of_wide;

  friend auto operator<=>(const search_state&, const search_state&) = default;
};

}  // namespace

bool covers_names(const glob& wide, const glob& narrow) {
  if (wide.covers(narrow)) return true;
  const std::string &w = wide.text(), &n = narrow.text();
  if (w.size() > max_searched_size || n.size() > max_searched_size) return false;
  const name_grammar& grammar = name_grammar::instance();
  const std::string letters = distinct_letters(w, n);

  places first;
  first.add(0);
  skip_stars(w, first);
  std::set<search_state> seen{{0, name_grammar::start, first}};
  std::vector<search_state> left(seen.begin(), seen.end());
  const auto go = [&](search_state to) {
    if (to.in != name_grammar::dead && seen.insert(to).second) left.push_back(to);
  };
  while (!left.empty()) {
    if (seen.size() > step_limit) return false;
    const search_state here = left.back();
    left.pop_back();
    if (here.at == n.size()) {
      if (grammar.is_end(here.in) && !here.of_wide.has(w.size())) return false;
      continue;
    }
    if (n[here.at] != '*') {
      go({here.at + 1, grammar.next(here.in, n[here.at]), places_after(w, here.of_wide, n[here.at])});
      continue;
    }
    const bool is_deep = n.compare(here.at, 2, "**") == 0;
    go({here.at + (is_deep ? 2 : 1), here.in, here.of_wide});
    for (const char c : letters)
      if (is_deep || c != '/') go({here.at, grammar.next(here.in, c), places_after(w, here.of_wide, c)});
  }
  return true;
}

}  // namespace pinhook::rules
