// Several sources as one, in the order in which they are asked.
//
//   ordered_credentials all({pull_secrets, plugins, config});
//
// Any thread, as far as its parts may be.
#pragma once

#include <pinhook/registry/credential_source.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pinhook::registry {

class ordered_credentials final : public credential_source {
 public:
  explicit ordered_credentials(std::vector<std::shared_ptr<credential_source>> parts) : parts_(std::move(parts)) {}

  /// "anonymous" when every part has that; the identity of the only part with another; else a hash of all of them.
  [[nodiscard]] std::string identity_for(const reference& ref) const override;
  /// Those of all parts together.
  [[nodiscard]] std::optional<std::uint64_t> changes() const override;
  /// Those of all parts. A part's error counts only when no other part has any credentials.
  awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) override;
  bool forget(const reference& ref) override;
  [[nodiscard]] std::vector<credential_match> matches(const reference& ref) const override;
  [[nodiscard]] std::span<const std::shared_ptr<credential_source>> parts() const override { return parts_; }
  [[nodiscard]] std::vector<error> troubles() const override;

 private:
  std::vector<std::shared_ptr<credential_source>> parts_;
};

}  // namespace pinhook::registry
