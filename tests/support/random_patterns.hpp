// Random patterns and references.
#pragma once

#include "support/dice.hpp"

#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules::testing {

using pinhook::testing::dice;
using pinhook::testing::matches_plainly;

inline registry::reference ref_of(std::string_view text) { return registry::reference::parse(text).value(); }
inline reference_pattern pattern_of(std::string_view text) {
  auto out = reference_pattern::parse(text);
  EXPECT_TRUE(out) << (out ? "" : out.error().message);
  return out.value();
}

inline const std::string hex_a = std::string(64, 'a'), hex_b = std::string(64, 'b');

/// Few words, so that much of it matches much else.
inline std::string random_reference(dice& d) {
  static const std::vector<std::string> hosts{"",        "docker.io/", "ghcr.io/",    "a.io/", "localhost:5000/",
                                              "b.a.io/", "a.io:5000/", "[::1]:5000/", "A/"};
  static const std::vector<std::string> parts{"a", "b", "aa", "ab", "ba", "library", "nginx", "a-b", "a.b", "a__a"};
  static const std::vector<std::string> tags{"", "", ":latest", ":a", ":aa", ":v1.2", ":v2"};
  static const std::vector<std::string> digests{"", "", "", "@sha256:" + hex_a, "@sha256:" + hex_b};
  std::string out = d.one_of(hosts) + d.one_of(parts);
  while (d.once_in(2)) out += "/" + d.one_of(parts);
  return out + d.one_of(tags) + d.one_of(digests);
}

/// A canonical reference with stars in place of some of it.
inline std::string random_pattern(dice& d) {
  const registry::reference ref = ref_of(random_reference(d));
  std::string name(canonical_name(ref));
  for (std::size_t stars = d.roll(4); stars > 0; --stars) {
    const std::size_t from = d.once_in(4) ? 0 : d.roll(name.size());
    const std::size_t size =
        d.once_in(4) ? name.size() - from : d.roll(std::min<std::size_t>(name.size() - from, 9) + 1);
    const bool has_slash = name.substr(from, size).find('/') != std::string::npos;
    name.replace(from, size, has_slash || d.once_in(3) ? "**" : "*");
  }
  static const std::vector<std::string> tags{"", "", "", "", ":latest", ":a", ":*", ":v*", ":a*"};
  static const std::vector<std::string> digests{"", "", "", "", "@sha256:*", "@sha256:" + hex_a, "@*", "@sha256:b*"};
  return name + d.one_of(tags) + d.one_of(digests);
}

/// One that parses.
inline reference_pattern some_pattern(dice& d) {
  for (;;)
    if (auto out = reference_pattern::parse(random_pattern(d))) return *std::move(out);
}

}  // namespace pinhook::rules::testing
