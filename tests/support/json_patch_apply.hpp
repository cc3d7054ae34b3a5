// Applies a JSON Patch (RFC 6902: add, remove, replace, test) the way the API server does, so a test can check an
// object becomes. Values in, a new value out; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>

namespace pinhook::testing {

/// A patched copy of `target`; `target` is left as it is. invalid_input: the patch is not an array of operations, or
/// has another operation than the four. not_found: a path leads nowhere (RFC 6902 §4: the target location must exist;
/// only `add` may make a member). malformed: a `test` that does not hold.
[[nodiscard]] result<json::document> apply_json_patch(const json::value& target, const json::value& patch);

}  // namespace pinhook::testing
