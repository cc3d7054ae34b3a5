// A pattern on canonical image references, as rules write them: name[:tag][@digest], with `*` and `**`.
//
//   docker.io/library/*     one path part; any tag, any digest
//   **/istio/proxyv2        of any registry, at any depth
//   *:latest                a lone `*` is any name; the effective tag, so also images written without one
//   localhost:5000/app/**   with that port
//   ghcr.io/acme/api:v2.*   a tag is matched as a whole
//
// In a name `*` matches any characters but '/', `**` any characters; in a tag and a digest `*` matches any characters.
// Every other character matches itself. A pattern without a tag ignores tags; one with a tag does not match an image
// that has only a digest: its tag is not written. Immutable values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/glob.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::rules {

class reference_pattern {
 public:
  /// invalid_input: a pattern that can match no canonical reference. The message explains it and suggests the one that
  /// was probably meant: "nginx" (no registry: docker.io/library/nginx or **/nginx), "docker.io/nginx"
  /// (docker.io/library/nginx), "index.docker.io/…", upper case in a repository, '?' and '[', an empty part, an
  /// impossible tag.
  [[nodiscard]] static result<reference_pattern> parse(std::string_view text);

  /// `ref` in common spelling (below).
  [[nodiscard]] bool matches(const registry::reference& ref) const;

  /// True: this matches every reference that `other` matches. False also where the decision would take long
  /// (name_grammar.hpp: step_limit). Fast where an example tells them apart, as it mostly does.
  [[nodiscard]] bool covers(const reference_pattern& other) const;

  /// As written.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Registry and repository: "docker.io/library/*"; `*` alone is "**" here.
  [[nodiscard]] const glob& name() const { return name_; }
  /// Empty: no tag was written.
  [[nodiscard]] const glob& tag() const { return tag_; }
  [[nodiscard]] const glob& digest() const { return digest_; }
  /// A name that this matches, as short as possible: "docker.io/library/a".
  [[nodiscard]] const std::string& example() const { return example_; }

 private:
  reference_pattern() = default;
  std::string text_, example_, long_example_;
  glob name_, tag_, digest_;
};

/// "docker.io/library/nginx": the text that `name()` is matched with. A part of `ref`, which must outlive it.
[[nodiscard]] std::string_view canonical_name(const registry::reference& ref);

/// The same image with its registry spelt as patterns spell it: in small letters, without port 443 (that of HTTPS),
/// without zeros before a port. None when it is spelt so already, as nearly always: QUAY.io:443 must not get round a
/// rule.
[[nodiscard]] std::optional<registry::reference> in_common_spelling(const registry::reference& ref);

}  // namespace pinhook::rules
