#include <pinhook/pipeline/cooldown.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/timestamp.hpp>

#include <fmt/core.h>

#include <optional>

namespace pinhook::pipeline {

result<std::chrono::nanoseconds> parse_cooldown(std::string_view text) {
  auto length = parse_duration(text);
  if (!length)
    return fail(error_code::invalid_input, fmt::format("{} is not a duration; write 72h or 30m", quoted(text, 60)));
  if (*length > max_cooldown)
    return fail(error_code::invalid_input,
                fmt::format("{} is too long; at most {} (a year)", quoted(text, 60), duration_text(max_cooldown)));
  return length;
}

cooldown at_once(const cooldown& wait) { return {.now = wait.now}; }

resolve::locked_image after_look_up(const resolve::locked_image* held, const registry::digest& found,
                                    const cooldown& wait) {
  const resolve::locked_image taken{found, timestamp_text(wait.now)};
  if (held == nullptr) return taken;
  if (held->digest == found) return {found, held->when.empty() ? taken.when : held->when};
  auto out = *held;
  const auto since = held->seen && held->seen->digest == found ? parse_timestamp(held->seen->since) : std::nullopt;
  if (!since || *since > wait.now) out.seen = resolve::seen_digest{found, taken.when};
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
