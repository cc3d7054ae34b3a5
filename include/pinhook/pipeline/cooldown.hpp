// The cooldown of moved tags: the digest of a tag stays until the newer one was seen for some time. Registries give no
// date that can be trusted, so our own first sight counts; it is kept in the lock file (resolve::seen_digest).
//
//   auto image = after_look_up(lock.find(name), digest, {.length = 72h, .now = clock.wall()});
//   if (image.seen) … the tag moved, and image.digest stays until end_of(*image.seen, wait)
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/image_lock.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pinhook::pipeline {

struct cooldown {
  /// 0: a moved tag is taken at once.
  std::chrono::nanoseconds length{0};
  /// The time of this run.
  wall_time now{};
  /// What another memory than the lock file, the store of reports, has seen of tags, by their canonical references.
  std::map<std::string, resolve::seen_digest, std::less<>> sights{};
};

/// The same without a wait.
[[nodiscard]] cooldown at_once(const cooldown& wait);

/// The entry of a tag after a look-up; `held` is the one before, null for a tag that is seen for the first time, whose
/// digest is taken at once. A move stays in `seen` until its cooldown is over; each further move begins a new cooldown,
/// and a move back ends it. A first sight in the future, by a wrong clock, counts as now. `canonical`: the tag, whose
/// sight in `wait.sights` counts where it is the earlier one; empty: none does.
[[nodiscard]] resolve::locked_image after_look_up(const resolve::locked_image* held, const registry::digest& found,
                                                  const cooldown& wait, std::string_view canonical = {});

/// The moment at which the digest is taken.
[[nodiscard]] wall_time end_of(const resolve::seen_digest& seen, const cooldown& wait);

/// "docker.io/library/nginx:1.25 moved to sha256:…, seen since …; sha256:… stays until … (--cooldown 72h)".
[[nodiscard]] std::string waiting_note(std::string_view canonical, const resolve::locked_image& image,
                                       const cooldown& wait);

}  // namespace pinhook::pipeline
