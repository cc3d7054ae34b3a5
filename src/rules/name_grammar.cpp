#include <pinhook/rules/name_grammar.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <utility>

namespace pinhook::rules {
namespace {

constexpr bool is_any_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::string_view most_port = "65535";
/// Registries that are not plain host names: one is written in another form, one has two parts at least behind it, one
/// needs no dot. No two begin alike.
constexpr std::array<std::string_view, 3> known_hosts{"index.docker.io", "docker.io", "localhost"};
constexpr std::uint8_t unknown_state = 0xff;

enum class place : std::uint8_t {
  label_start,
  label,
  label_hyphen,
  ipv6_start,
  ipv6,
  ipv6_end,
  port_start,
  port_zeros,
  port,
  part_start,
  part,
  part_dot,
  part_underscore,
  part_underscores,
  part_hyphens,
};

/// The state of the text read so far, as far as it matters for the characters that may follow.
struct reading {
  place at = place::label_start;
  /// Registry: index in known_hosts and the number of its bytes that were read.
  std::uint8_t known = unknown_state;
  std::uint8_t count = 0;
  /// Registry: it has a character that a part of a repository cannot have. Port: its digits are more than the first of
  /// 65535.
  bool is_marked = false;
  bool is_less = false;
  /// Repository: a '/' must follow (docker.io).
  bool needs_slash = false;

  friend auto operator<=>(const reading&, const reading&) = default;
};

using step = std::optional<reading>;

step begin_repository(const reading& r) {
  reading out;
  out.at = place::part_start;
  const bool is_known = r.known != unknown_state && r.count == known_hosts[r.known].size();
  if (is_known && r.known == 0) return std::nullopt;
  out.needs_slash = is_known && r.known == 1;
  return r.is_marked || is_known ? step(out) : std::nullopt;
}

step begin_port() {
  reading out;
  out.at = place::port_start;
  return out;
}

void follow_known(reading& r, char c, bool is_first) {
  if (is_first) {
    for (std::uint8_t i = 0; i < known_hosts.size(); ++i)
      if (known_hosts[i].front() == c) r.known = i;
    r.count = r.known != unknown_state;
  } else if (r.known != unknown_state) {
    const std::string_view host = known_hosts[r.known];
    if (r.count < host.size() && host[r.count] == c)
      ++r.count;
    else
      r.known = unknown_state, r.count = 0;
  }
}

step read_host(reading r, char c, bool is_first) {
  const bool is_letter = is_lower(c) || is_upper(c) || is_digit(c);
  if (is_first && c == '[') {
    r.at = place::ipv6_start;
    return r;
  }
  if (r.at == place::label && c == '/') return begin_repository(r);
  if (r.at == place::label && c == ':') return begin_port();
  if (r.at == place::label && c == '.')
    r.at = place::label_start;
  else if (r.at != place::label_start && c == '-')
    r.at = place::label_hyphen;
  else if (is_letter)
    r.at = place::label;
  else
    return std::nullopt;
  r.is_marked = r.is_marked || c == '.' || is_upper(c);
  follow_known(r, c, is_first);
  return r;
}

step read_ipv6(reading r, char c) {
  if (r.at == place::ipv6_end) return c == '/' ? begin_repository(r) : c == ':' ? begin_port() : std::nullopt;
  if (c == ']' && r.at == place::ipv6)
    r.at = place::ipv6_end;
  else if (is_any_hex(c) || c == ':')
    r.at = place::ipv6;
  else
    return std::nullopt;
  r.is_marked = r.is_marked || c == ':' || is_upper(c);
  return r;
}

/// 1 to 65535, possibly with zeros before it.
step read_port(reading r, char c) {
  if (c == '/' && r.at == place::port && (r.count < most_port.size() || !r.is_marked)) {
    r = {};
    r.is_marked = true;
    return begin_repository(r);
  }
  if (!is_digit(c)) return std::nullopt;
  if (r.at != place::port && c == '0') {
    r.at = place::port_zeros;
    return r;
  }
  if (r.count == most_port.size()) return std::nullopt;
  if (!r.is_marked && !r.is_less) {
    r.is_marked = c > most_port[r.count];
    r.is_less = c < most_port[r.count];
  }
  r.at = place::port;
  ++r.count;
  return r;
}

step read_repository(reading r, char c) {
  if (is_lower(c) || is_digit(c)) {
    r.at = place::part;
  } else if (r.at == place::part && c == '/') {
    r.at = place::part_start;
    r.needs_slash = false;
  } else if (r.at == place::part && c == '.') {
    r.at = place::part_dot;
  } else if (r.at == place::part && c == '_') {
    r.at = place::part_underscore;
  } else if (r.at == place::part_underscore && c == '_') {
    r.at = place::part_underscores;
  } else if ((r.at == place::part || r.at == place::part_hyphens) && c == '-') {
    r.at = place::part_hyphens;
  } else {
    return std::nullopt;
  }
  return r;
}

step step_after(const reading& r, char c, bool is_first) {
  if (r.at <= place::label_hyphen) return read_host(r, c, is_first);
  if (r.at <= place::ipv6_end) return read_ipv6(r, c);
  if (r.at <= place::port) return read_port(r, c);
  return read_repository(r, c);
}

}  // namespace

name_grammar::name_grammar() {
  std::vector<reading> readings(2);
  std::map<reading, state> numbers;
  for (std::size_t s = start; s < readings.size(); ++s) {
    row made;
    const reading here = readings[s];
    made.is_in_repository = here.at >= place::part_start;
    made.is_end = here.at == place::part && !here.needs_slash;
    // Most characters lead where the one before them did.
    state last = dead;
    for (char c = ' '; c < 127; ++c) {
      const step after = step_after(here, c, s == start);
      if (!after) continue;
      if (last == dead || readings[last] != *after) {
        const auto [known, is_new] = numbers.try_emplace(*after, static_cast<state>(readings.size()));
        last = known->second;
        if (is_new) readings.push_back(*after);
      }
      made.next[static_cast<unsigned char>(c)] = last;
    }
    rows_.resize(s);
    rows_.push_back(made);
  }
}

const name_grammar& name_grammar::instance() {
  static const name_grammar made;
  return made;
}

bool name_grammar::accepts(std::string_view name) const {
  state s = start;
  for (const char c : name) s = next(s, c);
  return is_end(s);
}

namespace {

found_name read_literal(const std::string& text) {
  const name_grammar& grammar = name_grammar::instance();
  found_name out;
  name_grammar::state s = name_grammar::start;
  for (const char c : text) {
    const name_grammar::state after = grammar.next(s, c);
    if (after == name_grammar::dead) return {{}, 0, out.fits};
    if (grammar.is_in_repository(s)) ++out.repository_size;
    ++out.fits;
    s = after;
  }
  if (!grammar.is_end(s)) return {{}, 0, out.fits};
  out.name = text;
  return out;
}

}  // namespace

// Dijkstra's search over pairs of a byte of the pattern and a state of the grammar. A byte of the repository weighs
// more than a whole registry, so that the first name found has the shortest repository, and of these the shortest
// registry. A star is replaced by few letters: they lead to every end that others lead to.
found_name shortest_name(const glob& pattern) {
  if (pattern.is_literal()) return read_literal(pattern.text());
  constexpr std::string_view letters = "a1./:[]";
  constexpr std::uint32_t repository_weight = 1 << 16;
  constexpr std::uint32_t far = std::numeric_limits<std::uint32_t>::max();
  const name_grammar& grammar = name_grammar::instance();
  const std::string& text = pattern.text();

  struct visit {
    std::uint32_t cost = far, before = 0;
    char by = 0;
  };
  std::vector<visit> visits((text.size() + 1) * grammar.size());
  const auto index = [&](std::size_t at, name_grammar::state s) {
    return static_cast<std::uint32_t>(at * grammar.size() + s);
  };
  using entry = std::pair<std::uint32_t, std::uint32_t>;
  std::priority_queue<entry, std::vector<entry>, std::greater<>> queue;
  const auto reach = [&](std::uint32_t from, std::uint32_t to, std::uint32_t cost, char by) {
    if (cost >= visits[to].cost) return;
    visits[to] = {cost, from, by};
    queue.emplace(cost, to);
  };

  found_name out;
  reach(0, index(0, name_grammar::start), 0, 0);
  while (!queue.empty()) {
    const auto [cost, here] = queue.top();
    queue.pop();
    if (cost > visits[here].cost) continue;
    const std::size_t at = here / grammar.size();
    const auto s = static_cast<name_grammar::state>(here % grammar.size());
    out.fits = std::max(out.fits, at);
    if (at == text.size()) {
      if (!grammar.is_end(s)) continue;
      for (std::uint32_t i = here; i != index(0, name_grammar::start); i = visits[i].before)
        if (visits[i].by != 0) out.name += visits[i].by;
      std::ranges::reverse(out.name);
      out.repository_size = cost / repository_weight;
      return out;
    }
    const auto read_letter = [&](char c, std::size_t behind) {
      const name_grammar::state after = grammar.next(s, c);
      if (after != name_grammar::dead)
        reach(here, index(behind, after), cost + (grammar.is_in_repository(s) ? repository_weight : 1), c);
    };
    if (text[at] != '*') {
      read_letter(text[at], at + 1);
      continue;
    }
    const bool is_deep = text.compare(at, 2, "**") == 0;
    reach(here, index(at + (is_deep ? 2 : 1), s), cost, 0);
    for (const char c : letters)
      if (is_deep || c != '/') read_letter(c, at);
  }
  return out;
}

}  // namespace pinhook::rules
