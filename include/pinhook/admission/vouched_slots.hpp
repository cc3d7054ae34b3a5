// Images of which an earlier request found that verifiers accept them, so that a warm answer neither asks nor judges
// again.
//
// What was found stands beside the digest in the cache of the look-ups, or for an image that is written by its digest
// with whoever answers about signatures; there, too, for the credentials that asked. It is for the very rules and the
// very verifiers that it was found with, and ends when the first of the answers that it rests on does.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/resolve/answer.hpp>

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pinhook::admission {

/// Verifiers are asked about a slot, where nothing is known yet.
[[nodiscard]] bool asks_verifiers(const inquiry& about);

/// The key of resolve::vouch for the slot: the rules that make demands on its signatures, and who answers them
/// (proof_source::generation).
[[nodiscard]] std::array<std::uint64_t, 3> vouch_key(const rulebook& book, const judged_slot& j,
                                                     std::uint64_t generation);

/// Sets judged_slot::is_vouched by `answers`, one for each of inquiry::lookups. True: some slot is left to be asked
/// about.
bool take_vouched(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers,
                  std::uint64_t generation, steady_time now);

/// The slots that verifiers are asked about, where one finding can be for all: each runs by the digest that is written
/// in it, and they are of one tenant and under the same rules.
struct slot_group {
  /// Bytes of their texts together. An object with more has them found one by one.
  static constexpr std::size_t max_size = 8'192;

  /// As image_group::images.
  fmt::memory_buffer images;
  std::size_t tenant = no_tenant;
  /// As vouch_key.
  std::array<std::uint64_t, 3> key{};
};
/// False: there is none, and `out` is of no use.
[[nodiscard]] bool find_group(const inquiry& about, const rulebook& book, std::uint64_t generation, slot_group& out);

/// The image of the slot runs by the digest that is written in it, so that no look-up of it carries a vouch.
[[nodiscard]] bool runs_as_written(const inquiry& about, const judged_slot& j);

/// Once the checks have their answers: the slot has a look-up of its own by tag, whose digest is the one that was
/// asked about.
[[nodiscard]] bool can_vouch(const inquiry& about, const judged_slot& j,
                             const std::vector<result<resolve::answer>>& answers);

}  // namespace pinhook::admission
