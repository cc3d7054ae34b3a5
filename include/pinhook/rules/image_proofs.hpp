// What rules ask of verifiers about many images, each image once with the questions of all its places, and the answers.
//
//   proof_requests wanted;
//   wanted.add(image, rules, effects);
//   …                                                  // somebody looks the answers up
//   const proofs* of_one = answers.find(image);        // image_state::proofs
//
// Plain values; one thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/proof.hpp>
#include <pinhook/rules/rule.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::rules {

struct proof_request {
  /// With the digest that is verified, and with its tag where one is known: Docker Content Trust signs tags.
  registry::reference image;
  /// Each once.
  std::vector<proof_question> questions;
  /// The demands on signatures of rules that deny or warn.
  std::vector<demand> demands = {};
};

/// What was signed for the tag in place of the image's digest (rules::signed_instead); empty: nothing.
[[nodiscard]] std::string signed_instead(const proof_request& of, const proofs& answers);

class proof_requests {
 public:
  /// Nothing where no rule demands signatures.
  void add(const registry::reference& image, const rule_set& rules, const effects& e);
  /// In the order in which the images came.
  [[nodiscard]] std::vector<proof_request> take() { return std::move(all_); }

 private:
  std::vector<proof_request> all_;
  std::map<std::string, std::size_t, std::less<>> by_image_;
};

class image_proofs {
 public:
  image_proofs() = default;
  /// `answers`: one for each request, in their order.
  image_proofs(std::span<const proof_request> asked, std::vector<proofs> answers);

  void add(const registry::reference& image, proofs answers);
  /// In place of what was known, except that a failure takes no answer's place.
  void put(const registry::reference& image, proofs answers);
  void drop(const registry::reference& image);
  /// Null: nobody was asked about it.
  [[nodiscard]] const proofs* find(const registry::reference& image) const;

 private:
  std::map<std::string, proofs, std::less<>> by_image_;
};

}  // namespace pinhook::rules
