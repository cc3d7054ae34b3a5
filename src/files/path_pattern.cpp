#include <pinhook/files/path_pattern.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::files {
namespace {

constexpr std::string_view special = "*?[\\";

bool is_between(unsigned c, char first, char last) {
  return c >= static_cast<unsigned char>(first) && c <= static_cast<unsigned char>(last);
}
bool is_lower_code(unsigned c) { return is_between(c, 'a', 'z'); }
bool is_upper_code(unsigned c) { return is_between(c, 'A', 'Z'); }
bool is_digit(unsigned c) { return is_between(c, '0', '9'); }
bool is_alpha(unsigned c) { return is_lower_code(c) || is_upper_code(c); }
bool is_alnum(unsigned c) { return is_alpha(c) || is_digit(c); }
bool is_blank(unsigned c) { return c == ' ' || c == '\t'; }
bool is_control(unsigned c) { return c < ' ' || c == 127; }
bool is_print(unsigned c) { return is_between(c, ' ', '~'); }
bool is_graph(unsigned c) { return is_between(c, '!', '~'); }
bool is_punct(unsigned c) { return is_graph(c) && !is_alnum(c); }
// Without \v and \f, as in git.
bool is_space(unsigned c) { return is_blank(c) || c == '\n' || c == '\r'; }
bool is_hex(unsigned c) { return is_digit(c) || is_between(c, 'a', 'f') || is_between(c, 'A', 'F'); }

struct character_class {
  std::string_view name;
  bool (*has)(unsigned);
};

// ASCII only, whatever the locale is.
constexpr std::array<character_class, 12> classes{{{"alnum", is_alnum},
                                                   {"alpha", is_alpha},
                                                   {"blank", is_blank},
                                                   {"cntrl", is_control},
                                                   {"digit", is_digit},
                                                   {"graph", is_graph},
                                                   {"lower", is_lower_code},
                                                   {"print", is_print},
                                                   {"punct", is_punct},
                                                   {"space", is_space},
                                                   {"upper", is_upper_code},
                                                   {"xdigit", is_hex}}};

std::size_t code_of(char c) { return static_cast<unsigned char>(c); }

}  // namespace

// Reads the rest of a pattern after its plain start.
class path_pattern::reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  // None when no path can match.
  std::optional<std::vector<token>> read() {
    std::vector<token> out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '*') {
        out.push_back(stars());
        continue;
      }
      ++at_;
      if (c == '?') {
        out.push_back({token_kind::any, 0, {}});
      } else if (c == '[') {
        auto characters = set();
        if (!characters) return std::nullopt;
        out.push_back({token_kind::set, 0, *characters});
      } else if (c == '\\') {
        if (at_ == text_.size()) return std::nullopt;
        out.push_back({token_kind::one, text_[at_++], {}});
      } else {
        out.push_back({token_kind::one, c, {}});
      }
    }
    return out;
  }

 private:
  // Two or more stars have a meaning of their own where they are a whole part. As in git, the end of a plain start
  // counts as the start of a part.
  token stars() {
    const bool starts_part = at_ == 0 || text_[at_ - 1] == '/';
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] == '*') ++at_;
    const std::string_view behind = text_.substr(at_);
    if (at_ - first < 2 || !starts_part) return {token_kind::within, 0, {}};
    if (behind.starts_with('/')) {
      ++at_;
      return {token_kind::directories, 0, {}};
    }
    return {behind.empty() || behind.starts_with("\\/") ? token_kind::across : token_kind::within, 0, {}};
  }

  // Reads a set after its '['. A ']' that comes first is one of the characters.
  std::optional<std::bitset<256>> set() {
    std::bitset<256> out;
    const bool is_negated = has('!') || has('^');
    if (is_negated) ++at_;
    // The possible first character of a range.
    std::optional<char> before;
    for (bool is_first = true; is_first || !has(']'); is_first = false) {
      if (at_ == text_.size()) return std::nullopt;
      if (has('[') && text_.substr(at_).starts_with("[:")) {
        const auto found = named_class(out);
        if (found == class_outcome::none) return std::nullopt;
        if (found == class_outcome::read) {
          before.reset();
          continue;
        }
      }
      const bool is_range = has('-') && before && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (is_range) ++at_;
      const auto c = character();
      if (!c) return std::nullopt;
      for (std::size_t i = code_of(is_range ? *before : *c); i <= code_of(*c); ++i) out.set(i);
      before = is_range ? std::nullopt : c;
    }
    ++at_;
    return is_negated ? ~out : out;
  }

  enum class class_outcome : std::uint8_t { read, none, plain };
  // Reads a class at "[:". plain: no ":]" closes it, so '[' is a literal character.
  class_outcome named_class(std::bitset<256>& into) {
    const auto end = text_.find(']', at_ + 2);
    if (end == std::string_view::npos) return class_outcome::none;
    if (end == at_ + 2 || text_[end - 1] != ':') return class_outcome::plain;
    const std::string_view name = text_.substr(at_ + 2, end - at_ - 3);
    for (const auto& one : classes) {
      if (one.name != name) continue;
      for (unsigned c = 0; c < 128; ++c)
        if (one.has(c)) into.set(c);
      at_ = end + 1;
      return class_outcome::read;
    }
    return class_outcome::none;
  }

  // One character of a set, perhaps after a `\`.
  std::optional<char> character() {
    if (has('\\')) ++at_;
    if (at_ == text_.size()) return std::nullopt;
    return text_[at_++];
  }

  [[nodiscard]] bool has(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<path_pattern> path_pattern::parse(std::string_view text) {
  path_pattern out;
  const auto plain = std::min(text.find_first_of(special), text.size());
  out.start_ = text.substr(0, plain);
  auto rest = reader(text.substr(plain)).read();
  if (!rest) return std::nullopt;
  out.rest_ = std::move(*rest);
  return out;
}

bool path_pattern::is_special(std::string_view text) { return text.find_first_of(special) != std::string_view::npos; }

// can[j]: the tokens so far match the first j characters of the path. The step adds one more token.
void path_pattern::step(const token& t, std::string_view path, std::vector<bool>& can) {
  const auto take_one = [&](auto fits) {
    for (std::size_t j = path.size(); j > 0; --j) can[j] = can[j - 1] && fits(path[j - 1]);
    can[0] = false;
  };
  switch (t.kind) {
    case token_kind::one:
      return take_one([&](char c) { return c == t.character; });
    case token_kind::any:
      return take_one([](char c) { return c != '/'; });
    case token_kind::set:
      return take_one([&](char c) { return c != '/' && t.set.test(code_of(c)); });
    case token_kind::within:
    case token_kind::across:
      for (std::size_t j = 1; j <= path.size(); ++j)
        if (can[j - 1] && (t.kind == token_kind::across || path[j - 1] != '/')) can[j] = true;
      return;
    case token_kind::directories: {
      bool could = can[0];
      for (std::size_t j = 1; j <= path.size(); ++j) {
        const bool could_here = can[j];
        if (could && path[j - 1] == '/') can[j] = true;
        could = could || could_here;
      }
      return;
    }
  }
}

bool path_pattern::matches(std::string_view path) const {
  if (!path.starts_with(start_)) return false;
  path.remove_prefix(start_.size());
  if (rest_.empty()) return path.empty();
  // Most patterns fail here for most files: "*.log" for "web.yaml".
  const token& last = rest_.back();
  if (last.kind == token_kind::one && (path.empty() || path.back() != last.character)) return false;
  std::vector<bool> can(path.size() + 1, false);
  can[0] = true;
  for (const auto& t : rest_) step(t, path, can);
  return can[path.size()];
}

}  // namespace pinhook::files
