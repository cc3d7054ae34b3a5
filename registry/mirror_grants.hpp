// The images whose mirrors get the pull secrets of the Pods' namespaces, as on nodes with CRI-O's credential provider,
// and the credentials of a tenant that are shown to mirrors for it.
//
//   auto grants = std::make_shared<mirror_grants>();
//   grants->use(std::move(patterns));              // CRIOCredentialProviderConfig, matchImages
//   grants->covers(ref);                           // by any thread
//
// The provider gives mirrors of registries.conf the credentials that the namespace's secrets have for them, before
// those of the node (cri-o/crio-credential-provider at 36064701, internal/pkg/app and auth). It reads every pull secret
// of the namespace that the service account may list; here those count that Pod and service account name.
//
// Any thread.
#pragma once

#include <pinhook/base/shared_value.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/image_pattern.hpp>
#include <pinhook/registry/pull_keyring.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::registry {

class mirror_grants {
 public:
  void use(std::vector<image_pattern> patterns);
  /// By the name that the image has in the object, not at a mirror.
  [[nodiscard]] bool covers(const reference& ref) const;
  /// How often `use` was called.
  [[nodiscard]] std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

 private:
  shared_value<const std::vector<image_pattern>> patterns_;
  std::atomic<std::uint64_t> changes_{0};
};

/// `inner`, and for images that `grants` covers the credentials of `entries` for their mirrors. The identity for such
/// an image is also that of all entries: an answer that a mirror gave for them is none for another tenant.
class granted_credentials final : public credential_source {
 public:
  granted_credentials(std::shared_ptr<credential_source> inner, std::vector<pull_entry> entries,
                      std::shared_ptr<const mirror_grants> grants);

  [[nodiscard]] std::string identity_for(const reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override;
  awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) override;
  bool forget(const reference& ref) override { return inner_->forget(ref); }
  [[nodiscard]] std::vector<credential_match> matches(const reference& ref) const override {
    return inner_->matches(ref);
  }
  [[nodiscard]] std::span<const std::shared_ptr<credential_source>> parts() const override { return inner_->parts(); }
  [[nodiscard]] std::vector<error> troubles() const override { return inner_->troubles(); }
  /// Null: none.
  [[nodiscard]] std::shared_ptr<credential_source> for_mirrors_of(const reference& ref) const;

 private:
  std::shared_ptr<credential_source> inner_;
  std::string identity_;
  std::shared_ptr<credential_source> keyring_;
  std::shared_ptr<const mirror_grants> grants_;
};

/// The credentials to show a mirror of `ref` for a tenant: those that `of_tenant` has for mirrors, when it is a
/// granted_credentials, then `own`; null: anonymous.
[[nodiscard]] std::shared_ptr<credential_source> for_mirror(const std::shared_ptr<credential_source>& of_tenant,
                                                            std::shared_ptr<credential_source> own,
                                                            const reference& ref);

}  // namespace pinhook::registry
