// The cooldown of moved tags at admission: for a tag whose newest digest is too young, the digest before is looked up
// and pinned.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/resolve/answer.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace pinhook::admission {

/// Some image has a cooldown by a rule.
[[nodiscard]] bool has_cooldowns(const inquiry& about);

/// Fills slot_work::wait by `about.moves`, and adds look-ups of the digests before to about.lookups, by digest: so they
/// are asked for with the credentials of the image, and held as answers for tags are. `answers` are those of the
/// look-ups so far. What stays as it is: a digest that the lock file gives, one that is recorded for the tag already,
/// and, with a note of it, one that the annotation pinhook.dev/refresh asks for.
void hold_back(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers,
               wall_time now);

/// Whether the image, which will run as `runs` ("nginx@sha256:…"), has other bytes than its tag had, as far as
/// `about.moves` says: false where the tag did not move within their cooldown, only its list of platforms did, or the
/// digest before runs. None: there are no moves.
[[nodiscard]] std::optional<bool> runs_moved_bytes(const inquiry& about, const judged_slot& judged,
                                                   std::string_view runs);

}  // namespace pinhook::admission
