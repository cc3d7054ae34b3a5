// What `pinhook report` knows of moved tags from its store, and where it writes that for the webhook: a file, a
// ConfigMap.
//
// One thread; blocks while it writes.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/store/history.hpp>

namespace pinhook::cli {

/// invalid_input: the length of the cooldown is not known, or less than what a rule asks for; no name of a ConfigMap.
[[nodiscard]] result<void> check_moves_options(const cluster_arguments& options, const rules::rule_set& rules);

/// What earlier reports saw, as far back as the longest cooldown of the rules; nothing when `from` is null.
[[nodiscard]] result<resolve::tag_moves> earlier_moves(store::history* from, const rules::rule_set& rules,
                                                       wall_time now);

/// Writes to each place of the options what the store knows now; names on standard error what has no room. Errors:
/// those of the store, of the file and of the API. What could not be written is as it was before.
[[nodiscard]] result<void> write_moves(store::history& from, const cluster_arguments& options,
                                       const rules::rule_set& rules, wall_time now, cluster_session& session);

}  // namespace pinhook::cli
