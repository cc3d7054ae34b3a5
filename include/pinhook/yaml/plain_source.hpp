// The short way through YAML as most files have it: mappings and sequences in blocks and brackets, and scalars of all
// forms, but no anchors, tags, directives or long keys. It takes a tenth of the time of a reader of all of YAML and
// gives the same nodes; what is beyond it, or not sure to be read the same, is left to that reader.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <optional>
#include <string_view>

namespace pinhook::yaml {

/// The same as `read_any_source` (any_source.hpp) gives, or no value: the text has something else than the above, is
/// invalid, or exceeds a limit. The text must outlive the result.
[[nodiscard]] std::optional<source> read_plain_source(std::string_view text, const source_limits& limits = {});

}  // namespace pinhook::yaml
