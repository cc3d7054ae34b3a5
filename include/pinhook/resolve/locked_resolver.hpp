// A resolver with a lock file in front: references that the lock holds are answered from it, the others by the resolver
// behind it.
//
// The lock wins over `freshness::refreshed`, too: an operator who locks an image wants the same bytes everywhere until
// the lock changes (docs/pinning.md, "Which digest").
//
// Thread rule: as resolver. `use` may be called from any thread at any time.
#pragma once

#include <pinhook/base/shared_value.hpp>
#include <pinhook/resolve/image_lock.hpp>
#include <pinhook/resolve/resolver.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace pinhook::resolve {

class locked_resolver final : public resolver {
 public:
  /// `must_hold`: a reference that the lock does not hold is not_found, with a message that tells the remedy, and the
  /// resolver behind is not called. Until `use` nothing is locked.
  locked_resolver(std::shared_ptr<resolver> behind, bool must_hold);
  ~locked_resolver() override;

  void use(std::shared_ptr<const image_lock> lock);

  awaitable<std::vector<result<answer>>> resolve(std::vector<query> queries, deadline d) override;
  /// The lock's digest, else the one that the resolver behind knows.
  [[nodiscard]] std::optional<registry::digest> known(const query& q) const override;
  [[nodiscard]] bool is_held(const query& q) const override;
  void keep(const query& q, const registry::digest& d, const vouch& v) override;

 private:
  std::shared_ptr<resolver> behind_;
  const bool must_hold_;
  shared_value<const image_lock> lock_;
};

}  // namespace pinhook::resolve
