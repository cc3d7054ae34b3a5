// The forms of files that hold images and are neither Kubernetes objects, kustomizations, Compose files nor Helm
// values: those of CI systems and build tools, and fields of custom resources that name an OCI artefact. A form is a
// row of one table; docs/files.md has the same rows.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/node_paths.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace pinhook::files {

/// The language of a file.
enum class file_syntax : std::uint8_t {
  yaml,
  json_with_comments,  // JSON with `//`, `/* */` and commas after the last member
  dockerfile,
  variables,  // environment_file.hpp
  hcl,        // not read
};

struct known_form {
  /// For people: "GitHub workflow".
  std::string_view title{};
  /// Globs of its files, separated by blanks. One with N slashes is compared with the last N + 1 parts of a path.
  std::string_view files{};
  /// Node paths (node_paths.hpp) that a document of this form has all, whatever its file is called; `path=text` demands
  /// a text, `path|path` one of several. Empty: only the name decides.
  std::string_view shape{};
  /// The API group of objects of this form; empty: its documents are no objects.
  std::string_view group{};
  /// Node paths to images.
  std::string_view images{};
  /// Node paths to texts that are images when they begin with `scheme`.
  std::string_view uris{};
  std::string_view scheme = "docker://";
  /// Node paths to texts that may be names of something else: images when they are whole references
  /// (pin/image_keys.hpp).
  std::string_view names{};
  /// Node paths to Helm values.
  std::string_view values{};
  /// Members of the root, separated by blanks, that hold no images although a path of `images` leads there.
  std::string_view others{};
  file_syntax syntax = file_syntax::yaml;
  /// Its items are operations, which find_in_patch (image_search.hpp) reads.
  bool is_patch = false;
  /// The page that documents the form.
  std::string_view source{};
};

[[nodiscard]] std::span<const known_form> known_forms();

/// The form of the files with this name; null: none, or standard input.
[[nodiscard]] const known_form* form_of_file(std::string_view path);

/// True for a document that is a list of images found in the text by another reader than that of YAML.
[[nodiscard]] constexpr bool is_list_of_images(file_syntax syntax) {
  return syntax == file_syntax::dockerfile || syntax == file_syntax::variables;
}

/// The language of the files with this name; yaml for JSON and for files of no known form.
[[nodiscard]] file_syntax syntax_of_file(std::string_view path);

/// The form of a document that is no object, by its members; null: none.
[[nodiscard]] const known_form* form_of_shape(const yaml::source_document& doc);

/// The form of objects of this group; null: none.
[[nodiscard]] const known_form* form_of_group(std::string_view group);

/// False for a text that is of no known form, or has no image because it lacks the words of it. Fast.
[[nodiscard]] bool may_be_known_form(std::string_view text, std::string_view path);

/// The paths of a row, read once. `images` come first, then `uris`, then `names`.
[[nodiscard]] const node_paths& image_paths_of(const known_form& form);
/// Those of its `values`.
[[nodiscard]] const node_paths& values_paths_of(const known_form& form);

}  // namespace pinhook::files
