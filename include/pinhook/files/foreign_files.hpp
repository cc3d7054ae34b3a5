// Files of languages that are not read, and templates of files: Terraform, CUE, Jsonnet, Jenkinsfiles, Earthfiles,
// Jinja. A directory is not searched for images in them, but those that hold one are named, so that nobody takes them
// for read.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::files {

/// "main.tf", "web.yaml.j2", "Jenkinsfile": by its name alone.
[[nodiscard]] bool is_foreign_file(std::string_view path);

inline constexpr std::string_view foreign_reason = "its language is not read";

/// True for a text with an image that is written out: a full reference (full_reference.hpp), one behind a word that
/// ends in `image` (`image = "nginx:1.25"`, `docker.image('maven:3.9')`), or behind FROM. Lines that are comments are
/// passed over.
[[nodiscard]] bool holds_image_text(std::string_view text);

}  // namespace pinhook::files
