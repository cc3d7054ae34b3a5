// Which credential of several gets the answer, and which of several refusals is the one to report.
//
// As the kubelet does: in their order, the next only after a refusal that another credential may lift (unauthorized,
// denied, not_found: registries hide what one may not see), and never anonymously after any of them.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace pinhook::resolve {

/// The decision, without I/O: fed with what the sources give and with the outcome of each attempt.
class credential_chain {
 public:
  /// At most `limit` credentials are tried.
  explicit credential_chain(std::size_t limit);

  /// What a source gave, best first; tried after all that was offered before.
  void offer(std::vector<registry::credential> some);
  /// No source gave any: one attempt as anonymous. Nothing when there was an offer.
  void offer_anonymous();
  /// The credential of the next attempt; null when the last outcome was final or none is left.
  [[nodiscard]] const registry::credential* next() const;
  /// The outcome of that attempt, or of what kept it from being made.
  void failed(error why);
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
