// Which credential of several gets the answer, and which of several refusals is the one to report.
//
// As the kubelet does: in their order, the next only after a refusal that another credential may lift (unauthorized,
// denied, not_found: registries hide what one may not see), and never anonymously after any of them.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/credentials.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::resolve {

/// The decision, without I/O: fed with the outcome of each attempt.
class credential_chain {
 public:
  /// At most `limit` of `candidates` are tried. None: one anonymous attempt.
  credential_chain(std::vector<registry::credential> candidates, std::size_t limit);

  /// The credential of the next attempt; null when the last outcome was final or none is left.
  [[nodiscard]] const registry::credential* next() const;
  /// The outcome of that attempt.
  void failed(error why);
  /// The most telling refusal; when several credentials were tried, with their sources. Call after `failed`.
  [[nodiscard]] error verdict() const;

 private:
  std::vector<registry::credential> candidates_;
  std::size_t offered_;
  std::size_t tried_ = 0;
  bool is_final_ = false;
  std::optional<error> best_;
};

/// `client` must outlive the call.
awaitable<result<registry::descriptor>> ask_in_turn(registry::client& client, registry::reference ref,
                                                    std::vector<registry::credential> candidates, std::size_t limit,
                                                    deadline d);

}  // namespace pinhook::resolve
