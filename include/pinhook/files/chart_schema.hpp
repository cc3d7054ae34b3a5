// What a chart's values.schema.json says of the place where a digest would be written: Helm validates values by it, and
// installs nothing when they break it.
//
//   {"properties": {"image": {"properties": {"tag": {"type": "string", "pattern": "^v[0-9.]+$"}}}}}
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_texts.hpp>

#include <string>
#include <string_view>

namespace pinhook::files {

/// Subschemas that are looked at for one value; schemas that refer to themselves would never end.
inline constexpr std::size_t max_schemas = 1'000;

/// A conflict for `enum`, `const`, a `maxLength` that is too short, and a `pattern` at the value; patterns are compared
/// with what a digest needs ("@", "sha256") and not executed. Followed are properties, additionalProperties,
/// patternProperties, items, allOf, anyOf, oneOf and a `$ref` within the file. No verdict for a schema that is no JSON.
[[nodiscard]] use_verdict judge_schema(std::string_view schema, const values_place& value);

}  // namespace pinhook::files
