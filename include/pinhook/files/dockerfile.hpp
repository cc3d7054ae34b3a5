// The images of a Dockerfile, with their bytes.
//
//   for (const dockerfile_image& one : read_dockerfile(text).images) …   // {"FROM", "nginx:1.25", bytes 5 to 15, …}
//
// Read as BuildKit reads it (github.com/moby/buildkit, frontend/dockerfile/parser): directives, comments, continued
// lines with either escape character, here-documents. Images are in
//
//   # syntax=docker/dockerfile:1
//   FROM [--platform=…] image [AS name]
//   COPY --from=image, RUN --mount=…,from=image, the same behind ONBUILD
//
// Names of stages, numbers of stages and `scratch` are no images. Every text can be read; a line that makes no sense
// holds no image. Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

struct dockerfile_image {
  /// "syntax", "FROM", "COPY --from", "RUN --mount".
  std::string_view place;
  /// The stage that it belongs to: "stage build", "stage 0"; "Dockerfile" before the first one.
  std::string stage;
  /// Its bytes without quotes. A name that continues on the next line is not whole.
  yaml::text_span span;
  bool is_whole = true;
  /// The variable in its text that the build fills in: "VERSION"; empty: none.
  std::string variable{};
  /// Line of the ARG that gives this variable a default before the first FROM, from 1; 0: none.
  std::size_t argument_line = 0;
};

/// In the order of the text.
[[nodiscard]] std::vector<dockerfile_image> read_dockerfile(std::string_view text);

/// The text as a document whose root is a list of its images, for edits. It holds no comments behind values. `text`
/// outlives it.
[[nodiscard]] yaml::source dockerfile_source(std::string_view text);

}  // namespace pinhook::files
