// The tag of a pin that another program or a person made, from the comment after it:
//
//   image: nginx@sha256:… # ratchet:nginx:1.25      ratchet, alone or among words
//   image: nginx@sha256:… # 1.25                    frizbee, people: the tag alone
//   image: nginx@sha256:… #tag: 1.25                the same with a word for it: "tag: ", "tag=", "pin @", "@"
//   image: nginx@sha256:… # docker.io/library/nginx:1.25
//
// A tag alone must look like a version and be the whole comment: "# 16" and "# v1.25-alpine", not "# 2024-01-15",
// "#123", "# 1.25 crashes". An ambiguous comment is ignored.
//
// Pure; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace pinhook::files {

/// Bytes after an image that are read. A line's comment is rarely longer.
inline constexpr std::size_t max_foreign_comment = 4096;

struct foreign_tag {
  /// The image's name as written, with that tag.
  registry::reference tag;
  /// The bytes of the text that are removed together with the pin. Other words of the comment stay.
  yaml::text_span span;
};

/// Reads the tag of the image `name` from the rest of its line (white space and comments, to the line's end).
[[nodiscard]] std::optional<foreign_tag> read_foreign_tag(std::string_view behind, const registry::reference& name);

/// True for a word that is almost certainly the tag of a version: "1.25", "v2", "16-alpine", "alpine3.19", "latest".
[[nodiscard]] bool looks_like_version(std::string_view word);

}  // namespace pinhook::files
