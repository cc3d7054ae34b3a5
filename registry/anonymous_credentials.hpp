// No credentials at all: every registry is asked as anonymous.
#pragma once

#include <pinhook/registry/credentials.hpp>

#include <string>
#include <vector>

namespace pinhook::registry {

/// Has no state: any thread.
class anonymous_credentials final : public credential_source {
 public:
  [[nodiscard]] std::string identity_for(const reference&) const override { return "anonymous"; }
  awaitable<result<std::vector<credential>>> credentials_for(reference, deadline) override {
    co_return std::vector<credential>{};
  }
};

}  // namespace pinhook::registry
