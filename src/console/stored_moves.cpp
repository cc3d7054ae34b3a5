#include <pinhook/console/stored_moves.hpp>

#include <pinhook/fleet/report_history.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

namespace pinhook::console {

result<fleet::made_moves> stored_moves(store::history& from, const fleet::moves_options& options) {
  auto waiting = from.waiting(options.written, options.cooldown);
  if (!waiting) return fail(std::move(waiting.error()));
  auto tags = from.tags(options.written - std::chrono::duration_cast<wall_time::duration>(options.cooldown));
  if (!tags) return fail(std::move(tags.error()));
  return fleet::moves_of(std::move(*waiting), std::move(*tags), options);
}

result<resolve::tag_moves> earlier_moves(store::history& from, const rules::rule_set& rules, wall_time now) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  auto made = stored_moves(from, {.cooldown = rules.longest_cooldown().value_or(fleet::shown_history),
                                  .written = now,
                                  .rules = &rules,
                                  .most_tags = all,
                                  .most_bytes = all});
  if (!made) return fail(std::move(made.error()));
  return std::move(made->moves);
}

}  // namespace pinhook::console
