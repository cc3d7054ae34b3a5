// The reader of all of YAML behind `read_source` (source.hpp), by libfyaml's events.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string_view>

namespace pinhook::yaml {

struct source;
struct source_limits;

/// The same as `read_source`, always by libfyaml.
[[nodiscard]] result<source> read_any_source(std::string_view text, const source_limits& limits);

}  // namespace pinhook::yaml
