// The file of moved tags (files/moves_file.hpp) from the store of reports: the tags that moved within a cooldown, and
// what the other tags have, so that the webhook knows a digest that is newer than the file.
//
//   const auto made = moves_of(waiting, tags, {.cooldown = 72h, .written = report.made_at, .rules = &settings.rules});
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/files/moves_file.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/store/observation.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace pinhook::fleet {

struct moves_options {
  std::chrono::nanoseconds cooldown{0};
  wall_time written{};
  /// Where one of them has a cooldown, tags that have not moved are listed only if the images of such a rule match
  /// them. Null, or no such rule: all are.
  const rules::rule_set* rules = nullptr;
  /// What a ConfigMap holds, and what a webhook holds without thought.
  std::size_t most_tags = 5'000;
  std::size_t most_bytes = files::max_written_moves_size;
  /// Without `rules`, whose cooldowns say which are needed: digests of one tag between its last moves.
  std::size_t most_between = 8;
};

struct made_moves {
  resolve::tag_moves moves;
  /// Tags for which there was no room: those that moved come first, the newest of them before the others, and then
  /// those that were looked up last.
  std::size_t left_out = 0;
  /// Moved ones among them, which the webhook takes as soon as they are used.
  std::size_t left_out_moved = 0;
};

/// `waiting` and `tags` are those of store::history.
[[nodiscard]] made_moves moves_of(std::vector<store::waiting_tag> waiting, std::vector<store::known_tag> tags,
                                  const moves_options& options);

}  // namespace pinhook::fleet
