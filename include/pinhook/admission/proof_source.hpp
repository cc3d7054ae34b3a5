// Answers what rules ask of verifiers about images: whether an image is signed, and what is attested about it.
//
// Thread rule: any thread. Answers that are held are given on the calling thread, without a request and without
// cryptography; the coroutine completes on the caller's executor.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/vouch.hpp>
#include <pinhook/rules/proof.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

struct proof_query {
  /// With the digest that is verified, and with its tag where one is known: Docker Content Trust signs tags.
  registry::reference image;
  /// Answers are shared only between equal identities.
  std::shared_ptr<registry::credential_source> credentials;
  std::vector<rules::proof_question> questions;
  /// As resolve::query::owner.
  std::string owner = {};
};

/// Images of one object that are written by their digests.
struct image_group {
  /// Their texts, each with a line break behind it.
  std::string_view images;
  /// credential_source::id and changes of the credentials that count for all of them, as read before those were used.
  std::array<std::uint64_t, 2> credentials{};
};

class proof_source {
 public:
  virtual ~proof_source() = default;

  /// One result for each query, in their order, with an answer for each question. Returns by `d` at the latest: then
  /// the answers that are not there are timed_out, and their look-up goes on for the next request. A registry that
  /// does not answer is an error.
  virtual awaitable<std::vector<rules::proofs>> prove(std::vector<proof_query> queries, deadline d) = 0;

  /// The answers that are held; a question without one is left out.
  [[nodiscard]] virtual rules::proofs known(const proof_query& q) const = 0;

  /// Names the verifiers that answer: another number after each change of them, and never one that was there before.
  /// What answers of theirs were found to mean holds for the number that was read before they were asked. 0: such
  /// findings must not be kept.
  [[nodiscard]] virtual std::uint64_t generation() const { return 0; }
  /// Until when the answers to all questions of `q` are held; none: one is not.
  [[nodiscard]] virtual std::optional<steady_time> held_until([[maybe_unused]] const proof_query& q) const {
    return std::nullopt;
  }

  /// Keeps `v` beside an image that is written by its digest, as resolve::resolver::keep does for tags: for the text
  /// of the image and for equal credentials alone. `kept` gives it for `owner`; one without a key where there is none.
  /// Never any I/O; the questions do not count.
  virtual void keep([[maybe_unused]] const proof_query& q, [[maybe_unused]] const resolve::vouch& v) {}
  [[nodiscard]] virtual resolve::vouch kept([[maybe_unused]] const registry::reference& image,
                                            [[maybe_unused]] const registry::credential_source& credentials,
                                            [[maybe_unused]] std::string_view owner) const {
    return {};
  }

  /// The same for all images of a group at once: only while the credentials are the very same.
  virtual void keep([[maybe_unused]] const image_group& all, [[maybe_unused]] std::string_view owner,
                    [[maybe_unused]] const resolve::vouch& v) {}
  [[nodiscard]] virtual resolve::vouch kept([[maybe_unused]] const image_group& all,
                                            [[maybe_unused]] std::string_view owner) const {
    return {};
  }
};

}  // namespace pinhook::admission
