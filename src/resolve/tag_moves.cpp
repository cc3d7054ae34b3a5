#include <pinhook/resolve/tag_moves.hpp>

#include <algorithm>

namespace pinhook::resolve {

std::optional<held_tag> held_back(const seen_tag& tag, const registry::digest& found, std::chrono::nanoseconds cooldown,
                                  wall_time now) {
  // An exception from a rule behind it.
  if (cooldown.count() == 0) return std::nullopt;
  const auto length = std::chrono::duration_cast<wall_time::duration>(cooldown);
  const auto until = tag.before ? std::min(tag.before->since, now) + length : now;
  const bool waits = until > now;
  if (found == tag.digest) return waits ? std::optional(held_tag{tag.before->digest, until}) : std::nullopt;
  if (waits && found == tag.before->digest) return std::nullopt;
  return held_tag{waits ? tag.before->digest : tag.digest, std::nullopt};
}

}  // namespace pinhook::resolve
