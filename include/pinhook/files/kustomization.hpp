// The `images` of a kustomization: its entries, and new entries for images of its resources.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// True for a file that kustomize reads as a kustomization: by its name or by a document of kind Kustomization or
/// Component of kustomize.config.k8s.io.
[[nodiscard]] bool is_kustomization(std::string_view text, std::string_view path);

/// The document that kustomize would read; real files have only one. Null: there is none.
[[nodiscard]] const yaml::source_document* main_document(const yaml::source& from);

/// The entries of `resources`, `bases` and `components` that are paths, not URLs, as written.
[[nodiscard]] result<std::vector<std::string>> local_resources(std::string_view text);

/// The entries of `images`, one for each item of the list; empty for an item that is not an entry.
[[nodiscard]] result<std::vector<kustomize_entry>> image_entries(std::string_view text);

struct new_entry {
  /// The tag reference as the resource has it: "nginx:1.25".
  registry::reference ref;
  registry::digest digest;
  /// The format of the pin. None: the format of the call.
  std::optional<pin::pin_format> format{};
  /// The item of `images` without tag and digest that is filled in. None: a new item.
  std::optional<std::size_t> fills{};
};

/// The text with all entries added at the end of `images` (which is added at the end of the file when missing),
/// indented like their neighbours and marked (added_mark.hpp), or filled in. malformed: not valid YAML, or `images` is
/// not a list. invalid_input: an entry to fill is an alias, or has its name from a merge key.
[[nodiscard]] result<std::string> with_entries(std::string_view text, const std::vector<new_entry>& entries,
                                               pin::pin_format format);

}  // namespace pinhook::files
