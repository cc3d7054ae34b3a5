// The file of moved tags from a store, for the commands that have one.
//
// The thread of the store; blocks while it reads.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/report_moves.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/store/history.hpp>

namespace pinhook::console {

/// What the store remembers of tags, as far back as the cooldown of the options. Errors: those of the store.
[[nodiscard]] result<fleet::made_moves> stored_moves(store::history& from, const fleet::moves_options& options);

/// What earlier observations saw, as far back as the longest cooldown of the rules, else as far as reports look.
[[nodiscard]] result<resolve::tag_moves> earlier_moves(store::history& from, const rules::rule_set& rules,
                                                       wall_time now);

}  // namespace pinhook::console
