// A text of another syntax than YAML as a document, so that its images are edited as those of YAML.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <span>
#include <string_view>

namespace pinhook::files {

/// A document whose root is a list of these parts of the text, which are in its order. It holds no comments behind
/// values. `text` outlives it.
[[nodiscard]] yaml::source list_of_spans(std::string_view text, std::span<const yaml::text_span> spans);

}  // namespace pinhook::files
