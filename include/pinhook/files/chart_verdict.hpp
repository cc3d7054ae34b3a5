// The check whether the chart accepts a digest where pinhook would write one: in the tag, or under `digest`, `sha256`,
// `sha`.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_uses.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <vector>

namespace pinhook::files {

/// Fills in slot::problem, remedy and doubt of Helm values that have no digest. `of`: the chart that the file belongs
/// to; null: unknown.
void judge_pins(const yaml::source& from, std::vector<found_image>& images, const chart* of);

}  // namespace pinhook::files
