// Chooses, of several credentials, the next to try, and of several refusals the one to report.
//
// The order is the kubelet's: one after another, the next only after a refusal that another credential may lift
// (unauthorized, denied, not_found: registries hide images from those who may not see them), and never anonymously
// after any of them.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace pinhook::resolve {

/// The decision, without I/O: it is given the credentials of the sources and the outcome of each attempt.
class credential_chain {
 public:
  /// At most `limit` credentials are tried.
  explicit credential_chain(std::size_t limit);

  /// The credentials of a source, best first; tried after all that were offered before.
  void offer(std::vector<registry::credential> some);
  /// No source gave any: one attempt as anonymous. Does nothing after an offer.
  void offer_anonymous();
  /// The credential of the next attempt; null when the last outcome was final or none is left.
  [[nodiscard]] const registry::credential* next() const;
  /// The outcome of that attempt, or the failure that kept it from being made.
  void failed(error failure);
  /// True when another source may be asked: nothing was final, and there is room for a credential.
  [[nodiscard]] bool wants_more() const;
  /// The most telling refusal; when several credentials were tried, with their sources. Call after `failed`.
  [[nodiscard]] error verdict() const;

 private:
  std::size_t limit_;
  std::vector<registry::credential> candidates_;
  std::size_t offered_ = 0;
  std::size_t tried_ = 0;
  bool is_final_ = false;
  std::optional<error> best_;
};

}  // namespace pinhook::resolve
