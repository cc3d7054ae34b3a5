#include <pinhook/pipeline/cooldown.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/timestamp.hpp>

#include <fmt/core.h>

#include <optional>

namespace pinhook::pipeline {

cooldown at_once(const cooldown& wait) { return {.now = wait.now}; }

namespace {

// The first sight of `found`; none: it is now.
std::optional<wall_time> first_sight(const std::optional<resolve::seen_digest>& seen, const registry::digest& found,
                                     wall_time now) {
  const auto since = seen && seen->digest == found ? parse_timestamp(seen->since) : std::nullopt;
  return since && *since <= now ? since : std::nullopt;
}

}  // namespace

resolve::locked_image after_look_up(const resolve::locked_image* held, const registry::digest& found,
                                    const cooldown& wait, std::string_view canonical) {
  const resolve::locked_image taken{found, timestamp_text(wait.now)};
  if (held == nullptr) return taken;
  if (held->digest == found) return {found, held->when.empty() ? taken.when : held->when};
  auto out = *held;
  const auto own = first_sight(held->seen, found, wait.now);
  if (!own) out.seen = resolve::seen_digest{found, taken.when};
  const auto other = wait.sights.find(canonical);
  const auto since = other == wait.sights.end() ? std::nullopt : first_sight(other->second, found, wait.now);
  if (since && (!own || *since < *own)) out.seen = other->second;
  return end_of(*out.seen, wait) <= wait.now ? taken : out;
}

wall_time end_of(const resolve::seen_digest& seen, const cooldown& wait) {
  return parse_timestamp(seen.since).value_or(wait.now) + std::chrono::duration_cast<wall_time::duration>(wait.length);
}

std::string waiting_note(std::string_view canonical, const resolve::locked_image& image, const cooldown& wait) {
  const auto& seen = *image.seen;
  return fmt::format("{} moved to {}, seen since {}; {} stays until {} (--cooldown {})", canonical,
                     seen.digest.to_string(), seen.since, image.digest.to_string(), timestamp_text(end_of(seen, wait)),
                     duration_text(wait.length));
}

}  // namespace pinhook::pipeline
