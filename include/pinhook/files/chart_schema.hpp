// The check of a chart's values.schema.json at the place where a digest would be written: Helm validates values by the
// schema, and installs nothing when they break it.
//
//   {"properties": {"image": {"properties": {"tag": {"type": "string", "pattern": "^v[0-9.]+$"}}}}}
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_texts.hpp>

#include <string>
#include <string_view>

namespace pinhook::files {

/// Limit of the subschemas visited for one value; schemas that refer to themselves would never end.
inline constexpr std::size_t max_schemas = 1'000;

/// Returns a conflict for `enum`, `const`, a `maxLength` that is too short, and a `pattern` at the value; patterns are
/// searched for the parts of a digest ("@", "sha256") and not executed. It follows properties, additionalProperties,
/// patternProperties, items, allOf, anyOf, oneOf and a `$ref` within the file. The verdict is empty for a schema that
/// is not valid JSON.
[[nodiscard]] use_verdict judge_schema(std::string_view schema, const values_place& value);

}  // namespace pinhook::files
