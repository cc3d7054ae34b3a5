// A pattern on canonical image references, as rules write them: name[:tag][@digest], with `*` and `**`.
//
//   docker.io/library/*     one path part; any tag, any digest
//   **/istio/proxyv2        of any registry, at any depth
//   *:latest                a lone `*` is any name; the tag that is meant, so also of images written without one
//   localhost:5000/app/**   with that port
//   ghcr.io/acme/api:v2.*   a tag is matched as a whole
//
// In a name `*` stands for any characters but '/', `**` for any characters; in a tag and a digest `*` is any
// characters. Every other character stands for itself. Without a tag, a pattern does not look at tags; with one, an
// image that has a digest alone is not matched: nobody wrote its tag. Immutable values; any thread.
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
  /// invalid_input: what can match no canonical reference. The message says why and, where one can be guessed, what was
  /// meant: "nginx" (no registry: docker.io/library/nginx or **/nginx), "docker.io/nginx" (docker.io/library/nginx),
  /// "index.docker.io/…", upper case in a repository, '?' and '[', an empty part, a tag that can be none.
  [[nodiscard]] static result<reference_pattern> parse(std::string_view text);

  /// `ref` in common spelling (below).
  [[nodiscard]] bool matches(const registry::reference& ref) const;

  /// True: this matches every reference that `other` matches. False also where that would take long to find out
  /// (name_grammar.hpp: step_limit). Quick where an example tells them apart, as it mostly does.
  [[nodiscard]] bool covers(const reference_pattern& other) const;

  /// As written.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Registry and repository: "docker.io/library/*"; `*` alone is "**" here.
  [[nodiscard]] const glob& name() const { return name_; }
  /// Empty: none was written.
  [[nodiscard]] const glob& tag() const { return tag_; }
  [[nodiscard]] const glob& digest() const { return digest_; }
  /// A name that this matches, as short as can be: "docker.io/library/a".
  [[nodiscard]] const std::string& example() const { return example_; }

 private:
  reference_pattern() = default;
  std::string text_, example_, long_example_;
  glob name_, tag_, digest_;
};

/// "docker.io/library/nginx": what `name()` is matched with. A part of `ref`, which must outlive it.
[[nodiscard]] std::string_view canonical_name(const registry::reference& ref);

/// The same image with its registry spelt as patterns spell it: in small letters, without port 443 (that of HTTPS),
/// without zeros before a port. None when it is spelt so already, as nearly always: a rule must not be got round by
/// QUAY.io:443.
[[nodiscard]] std::optional<registry::reference> in_common_spelling(const registry::reference& ref);

}  // namespace pinhook::rules
