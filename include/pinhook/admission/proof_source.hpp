// Answers what rules ask of verifiers about images: whether an image is signed, and what is attested about it.
//
// Thread rule: any thread. Answers that are held are given on the calling thread, without a request and without
// cryptography; the coroutine completes on the caller's executor.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/proof.hpp>

#include <memory>
#include <string>
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

class proof_source {
 public:
  virtual ~proof_source() = default;

  /// One result for each query, in their order, with an answer for each question. Returns by `d` at the latest: then
  /// the answers that are not there are timed_out, and their look-up goes on for the next request. A registry that
  /// does not answer is an error.
  virtual awaitable<std::vector<rules::proofs>> prove(std::vector<proof_query> queries, deadline d) = 0;

  /// The answers that are held; a question without one is left out.
  [[nodiscard]] virtual rules::proofs known(const proof_query& q) const = 0;
};

}  // namespace pinhook::admission
