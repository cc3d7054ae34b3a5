// An AdmissionReview in, a verdict out: decode → plan (pin) → look up (resolve) → patch → encode.
#pragma once

#include <pinhook/admission/rulebook.hpp>
#include <pinhook/admission/verdict.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/tenant_credentials.hpp>
#include <pinhook/resolve/resolver.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

struct inquiry;

class handler {
 public:
  /// `resolver` and `tenants` are shared; both outlive the calls under way. `book` is never null.
  handler(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::tenant_credentials> tenants,
          std::shared_ptr<const rulebook> book);

  /// Any thread. Requests that come from here on are answered by `book`; those under way by the one they began with.
  void use(std::shared_ptr<const rulebook> book);

  /// Any thread. Answers by `d`. `body` must stay valid until completion; 32 readable bytes behind it.
  awaitable<verdict> handle(std::string_view body, pin::mode mode, deadline d) const;

 private:
  awaitable<std::vector<result<resolve::answer>>> look_up(
      const inquiry& about, const std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d) const;

  std::shared_ptr<resolve::resolver> resolver_;
  std::shared_ptr<registry::tenant_credentials> tenants_;
  shared_value<const rulebook> book_;
};

}  // namespace pinhook::admission
