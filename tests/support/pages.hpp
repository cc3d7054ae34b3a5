// The pages that people read, in one list: tests hold all of them to their links, their commands and their length.
//
// Paths are relative to the root of the source tree. Pure but for reading the folder; any thread.
#pragma once

#include <string>
#include <vector>

namespace pinhook::testing {

/// *.md of the root and of docs/, and the operating guide manifests/README.md; sorted.
[[nodiscard]] std::vector<std::string> pages();

/// The same without the operating guide, whose commands need a cluster: the pages whose commands are run.
[[nodiscard]] std::vector<std::string> pages_with_commands();

/// The text of one.
[[nodiscard]] std::string page_text(const std::string& page);

}  // namespace pinhook::testing
