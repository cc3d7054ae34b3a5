// Images that a file gives to a variable, and takes from it elsewhere:
//
//   variables: {BASE: "node:20"}
//   test: {image: $BASE}
//
// Pure; any thread.
#pragma once

#include <pinhook/files/found_image.hpp>
#include <pinhook/files/unread_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace pinhook::files {

/// Adds those that are not in `to` yet. `images`: those of the document that were found, variables among them.
void add_images_of_variables(const yaml::source_document& doc, std::size_t document,
                             std::span<const found_image> images, std::vector<unread_image>& to);

}  // namespace pinhook::files
