#include <pinhook/rules/pattern_fault.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/name_grammar.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pinhook::rules {
namespace {

using fault = std::optional<std::string>;

constexpr bool is_tag_letter(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; }
constexpr bool is_ipv6_letter(char c) { return is_lower_hex(c) || (c >= 'A' && c <= 'F') || c == ':' || c == '*'; }

bool is_possible(std::string_view text);

constexpr std::string_view hub_before = "index.docker.io/";

/// "; write A or B" for those of the suggestions that are possible patterns; else nothing.
std::string suggest(const std::vector<std::string>& suggestions) {
  std::string out;
  for (const std::string& one : suggestions)
    if (is_possible(one)) out += (out.empty() ? "; write " : " or ") + one;
  return out;
}

/// Characters with a meaning in other pattern languages.
struct character_row {
  char c;
  std::string_view why;
};
constexpr std::array<character_row, 12> characters{{
    {'?', "'?' is not a wildcard here; write * for any characters of one part"},
    {'[',
     "'[' does not begin a set of characters here (an IPv6 address alone may have it); write * or a pattern for each"},
    {']',
     "']' does not end a set of characters here (an IPv6 address alone may have it); write * or a pattern for each"},
    {'{', "'{' does not begin a choice here; write a pattern for each"},
    {'}', "'}' does not end a choice here; write a pattern for each"},
    {',', "',' separates nothing here; write a list of patterns"},
    {'|', "'|' separates nothing here; write a list of patterns"},
    {'!', "'!' excludes nothing here; write a rule for the exceptions before this one"},
    {'\\', "'\\' does not escape the next character; no image's name has a star"},
    {'^', "a pattern is always about the whole name; leave '^' away"},
    {'$', "a pattern is always about the whole name; leave '$' away"},
    {' ', "a space is in no image's name"},
}};

fault check_characters(std::string_view text) {
  std::size_t at = 0;
  // "[fd00::1]:5000/…", stars allowed.
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    const std::string_view inner = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (!inner.empty() && std::ranges::all_of(inner, is_ipv6_letter)) at = end + 1;
  }
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_tag_letter(c) || c == '*' || c == '/' || c == ':' || c == '@') continue;
    for (const character_row& row : characters)
      if (row.c == c) return std::string(row.why);
    return fmt::format("position {}: {} is in no image's name", at + 1, quoted(text.substr(at, 1)));
  }
  return std::nullopt;
}

fault check_tag(std::string_view tag) {
  if (tag.empty()) return "the tag behind ':' is empty; leave ':' away for any tag";
  if (tag.front() == '.' || tag.front() == '-')
    return fmt::format("a tag begins with a letter, a digit or '_', not with '{}'", tag.front());
  for (const char c : tag)
    if (c != '*' && !is_tag_letter(c)) return fmt::format("'{}' is in no tag", c);
  const auto size = tag.size() - static_cast<std::size_t>(std::ranges::count(tag, '*'));
  if (size > registry::max_tag_size)
    return fmt::format("a tag has at most {} characters, not {}", registry::max_tag_size, size);
  return std::nullopt;
}

/// True when the pattern matches some digest of `size` hexadecimal digits behind `algorithm`.
bool can_be_digest(std::string_view pattern, std::string_view algorithm, std::size_t size) {
  const std::size_t whole = algorithm.size() + size;
  std::vector<char> can(whole + 1, 0);
  can[0] = 1;
  for (const char c : pattern) {
    if (c == '*') {
      for (std::size_t j = 1; j <= whole; ++j) can[j] |= can[j - 1];
    } else {
      for (std::size_t j = whole; j > 0; --j)
        can[j] = can[j - 1] != 0 && (j > algorithm.size() ? is_lower_hex(c) : c == algorithm[j - 1]);
      can[0] = 0;
    }
  }
  return can[whole] != 0;
}

bool can_be_digest(std::string_view pattern) {
  return can_be_digest(pattern, "sha256:", 64) || can_be_digest(pattern, "sha384:", 96) ||
         can_be_digest(pattern, "sha512:", 128);
}

fault check_digest(std::string_view digest) {
  if (digest.empty()) return "the digest behind '@' is empty; write @sha256:* for any";
  if (can_be_digest(digest)) return std::nullopt;
  const std::size_t colon = digest.find(':');
  const std::string_view hex = digest.substr(colon == std::string_view::npos ? 0 : colon + 1);
  if (std::ranges::any_of(hex, is_upper) && can_be_digest(lowered(digest)))
    return fmt::format("a digest has small letters; write @{}", lowered(digest));
  if (colon == std::string_view::npos && can_be_digest(fmt::format("sha256:{}", digest)))
    return fmt::format("a digest begins with its algorithm; write @sha256:{}", digest);
  if (!hex.contains('*') && can_be_digest(fmt::format("{}*", digest)))
    return fmt::format("the digest has {} hexadecimal digits of 64 (sha256); write @{}* for a prefix", hex.size(),
                       digest);
  return "a digest is sha256: and 64 hexadecimal digits (of sha512: 128), of which * may replace any number";
}

/// Without '/' and `**`: a registry alone, or a Docker Hub name as people write it.
std::string fault_without_slash(const pattern_parts& parts, std::string_view rest) {
  const std::string_view name = parts.name;
  const bool is_port = parts.tag && std::ranges::all_of(*parts.tag, [](char c) { return is_digit(c) || c == '*'; });
  const std::string host(name);
  if (name == "localhost" || name.contains('.') || name.starts_with('[')) {
    if (is_port) {
      const std::string with_port = fmt::format("{}:{}", name, *parts.tag);
      return fmt::format("{} is a registry without an image{}", with_port, suggest({with_port + "/**"}));
    }
    return fmt::format("{} is a registry without an image{}", name, suggest({fmt::format("{}/**{}", name, rest)}));
  }
  return fmt::format("{} does not name a registry{}", name,
                     suggest({fmt::format("docker.io/library/{}{}", lowered(name), rest),
                              fmt::format("**/{}{}", lowered(name), rest)}));
}

/// The fault of a name that no image has. `rest`: tag and digest as written.
std::string fault_of_name(const pattern_parts& parts, std::string_view rest, const found_name& found) {
  const std::string_view name = parts.name;
  const auto with_rest = [&](std::string_view other) { return fmt::format("{}{}", other, rest); };
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos && !name.contains("**")) return fault_without_slash(parts, rest);
  const std::string_view first = name.substr(0, slash);
  const std::string_view behind = slash == std::string_view::npos ? "" : name.substr(slash + 1);
  if (name.ends_with('/'))
    return "a part of the name is empty behind the last '/'" + suggest({with_rest(fmt::format("{}**", name))});
  if (name.starts_with('/')) return "the name begins with '/'" + suggest({with_rest(fmt::format("**{}", name))});
  if (name.contains("//")) return "a part of the name is empty between two '/'";
  if (std::ranges::any_of(behind, is_upper)) {
    const std::string small = suggest({with_rest(fmt::format("{}/{}", first, lowered(behind)))});
    if (!small.empty()) return "repositories are lower-case" + small;
  }
  if (first == "docker.io") {
    const std::string official = suggest({with_rest(fmt::format("docker.io/library/{}", behind))});
    if (!official.empty())
      return fmt::format("on Docker Hub {} is called library/{}{}", behind, behind,
                         behind.contains('*') ? suggest({with_rest(fmt::format("docker.io/library/{}", behind)),
                                                         with_rest("docker.io/**")})
                                              : official);
  }
  // A first part that could not be a registry: "library/nginx".
  if (!first.contains('*')) {
    const std::string on_hub =
        suggest({with_rest(fmt::format("docker.io/{}", name)), with_rest(fmt::format("**/{}", name))});
    if (!on_hub.empty() && shortest_name(glob(fmt::format("{}/**", first))).name.empty())
      return fmt::format("{} is not a valid registry{}", first, on_hub);
  }
  const std::size_t colon = first.rfind(':');
  if (colon != std::string_view::npos && !first.ends_with(']') &&
      shortest_name(glob(fmt::format("{}/**", first))).name.empty())
    return fmt::format("{} is not a valid registry: a port is a number between 1 and 65535", first);
  if (found.fits >= name.size()) return "the name is incomplete";
  if (name.substr(found.fits).starts_with(".*"))
    return "'.' matches only itself, and no part of a name begins with it; write * for any characters";
  return fmt::format("no image's name goes on with '{}' at position {}", name[found.fits], found.fits + 1);
}

fault check_name(const pattern_parts& parts, std::string_view rest) {
  if (parts.name.empty()) return fmt::format("the name is missing; write *{} for any", rest);
  if (parts.name == "*") return std::nullopt;
  if (parts.name.starts_with(hub_before)) {
    const std::string_view behind = parts.name.substr(hub_before.size());
    return "index.docker.io is called docker.io in every reference" +
           suggest({fmt::format("docker.io/{}{}{}", behind.contains('/') ? "" : "library/", behind, rest)});
  }
  const std::string_view first = parts.name.substr(0, parts.name.find('/'));
  if (const std::string common = common_registry(first); common != first) {
    const std::string other = suggest({fmt::format("{}{}{}", common, parts.name.substr(first.size()), rest)});
    if (!other.empty()) return fmt::format("registries are compared by their common spelling{}", other);
  }
  const found_name found = shortest_name(glob(parts.name));
  if (found.name.empty()) return fault_of_name(parts, rest, found);
  if (found.repository_size > registry::max_repository_size)
    return fmt::format("a repository has at most {} characters, and this matches {} at least",
                       registry::max_repository_size, found.repository_size);
  return std::nullopt;
}

/// As fault_of_pattern, without the check for special characters.
bool is_possible(std::string_view text) {
  if (text.size() > max_pattern_size || check_characters(text)) return false;
  const pattern_parts parts = split_pattern(text);
  if ((parts.tag && check_tag(*parts.tag)) || (parts.digest && !can_be_digest(*parts.digest))) return false;
  const found_name found = shortest_name(glob(parts.name));
  return parts.name == "*" || (!found.name.empty() && found.repository_size <= registry::max_repository_size);
}

}  // namespace

std::string common_registry(std::string_view registry) {
  std::string out = lowered(registry);
  const std::size_t colon = out.rfind(':');
  // "A/b" is b at the registry A; "a/b" is on Docker Hub.
  const bool is_still_registry = out == "localhost" || out.contains('.') || colon != std::string::npos;
  if (!is_still_registry) return std::string(registry);
  if (colon == std::string::npos || out.ends_with(']')) return out;
  const std::size_t digits = out.find_first_not_of('0', colon + 1);
  if (digits != std::string::npos) out.erase(colon + 1, digits - colon - 1);
  const std::string_view host = std::string_view(out).substr(0, colon);
  const bool is_registry_alone = host == "localhost" || host.contains('.') || host.ends_with(']');
  if (is_registry_alone && out.substr(colon) == ":443") out.resize(colon);
  return out;
}

pattern_parts split_pattern(std::string_view text) {
  pattern_parts out;
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) out.digest = text.substr(at + 1);
  const std::string_view front = text.substr(0, at);
  const std::size_t slash = front.rfind('/');
  // Of an IPv6 address alone the last colon could be within it.
  const std::size_t bracket = front.starts_with('[') && slash == std::string_view::npos ? front.find(']') : slash;
  const std::size_t colon = front.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.name = front.substr(0, colon);
  if (colon != std::string_view::npos) out.tag = front.substr(colon + 1);
  return out;
}

fault fault_of_pattern(std::string_view text) {
  if (text.empty()) return "it is empty; write ** for every image";
  if (text.size() > max_pattern_size)
    return fmt::format("it has {} bytes, and no reference has more than {}", text.size(), max_pattern_size);
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    return "references have no scheme" + suggest({std::string(text.substr(scheme + 3))});
  if (auto wrong = check_characters(text)) return wrong;
  const pattern_parts parts = split_pattern(text);
  if (auto wrong = check_name(parts, text.substr(parts.name.size()))) return wrong;
  if (parts.tag)
    if (auto wrong = check_tag(*parts.tag)) return wrong;
  return parts.digest ? check_digest(*parts.digest) : std::nullopt;
}

}  // namespace pinhook::rules
