// What a store remembers, at the end of the table of a report.
//
// Pure; any thread. Texts are made printable.
#pragma once

#include <pinhook/store/observation.hpp>

#include <string>
#include <vector>

namespace pinhook::fleet {

/// Moves of tags and findings that were resolved, newest first; "" when there are none.
[[nodiscard]] std::string history_table(const std::vector<store::tag_move>& moves,
                                        const std::vector<store::past_finding>& findings);

}  // namespace pinhook::fleet
