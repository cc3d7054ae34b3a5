// The questions about signatures that a request needs answered, once the digests of its images are there.
//
// What was signed is what is pinned: the digest that is asked about is the one that the patch writes. An image that
// stays a tag is asked about by the digest that the tag has now.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/resolve/answer.hpp>
#include <pinhook/rules/proof.hpp>

#include <optional>
#include <vector>

namespace pinhook::admission {

/// Fills inquiry::checks and judged_slot::check. `answers`: one for each of inquiry::lookups. A check of which the
/// digest could not be looked up has its answers already: that error.
void list_checks(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers);

/// Content Trust also resolves: where the digest of a tag does not meet a demand, and a verifier names the one that was
/// signed for the tag, that one takes its place in `answers`, with inquiry::signed_tags saying so. True: some did; then
/// the checks are empty again, to be listed and answered once more.
[[nodiscard]] bool take_signed_tags(inquiry& about, const rulebook& book,
                                    std::vector<result<resolve::answer>>& answers);

/// Why it is not known whether the slot meets a demand on signatures that denies; none where it is known, or where the
/// image is not new. The mode decides about such a slot, as about one whose digest could not be looked up.
[[nodiscard]] std::optional<error> unverified(const inquiry& about, const judged_slot& j, const rulebook& book);

}  // namespace pinhook::admission
