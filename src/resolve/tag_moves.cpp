#include <pinhook/resolve/tag_moves.hpp>

#include <algorithm>
#include <ranges>

namespace pinhook::resolve {

const registry::digest& tag_before::for_cooldown(std::chrono::nanoseconds length) const {
  const auto newest_first = std::views::reverse(between);
  const auto found = std::ranges::find_if(newest_first, [&](const stood_digest& one) { return one.length >= length; });
  return found == newest_first.end() ? digest : found->digest;
}

std::optional<held_tag> held_back(const seen_tag& tag, const registry::digest& found, std::chrono::nanoseconds cooldown,
                                  wall_time now) {
  // An exception from a rule behind it.
  if (cooldown.count() == 0) return std::nullopt;
  const auto length = std::chrono::duration_cast<wall_time::duration>(cooldown);
  const auto until = tag.before ? std::min(tag.before->since, now) + length : now;
  if (until <= now) return found == tag.digest ? std::nullopt : std::optional(held_tag{tag.digest, std::nullopt});
  const registry::digest& before = tag.before->for_cooldown(cooldown);
  if (found == before) return std::nullopt;
  return held_tag{before, found == tag.digest ? std::optional(until) : std::nullopt};
}

}  // namespace pinhook::resolve
