// An AdmissionReview in, a verdict out: decode → plan (pin) → look up (resolve) → patch → encode.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/pin/pod_paths.hpp>
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

/// What became of one slot, for the log line and the metrics.
struct slot_outcome {
  enum class kind : std::uint8_t { pinned, kept, failed, skipped };
  kind what = kind::skipped;
  std::string container;
  std::string from;
  /// The new reference; empty when nothing was written.
  std::string to;
  /// "cache", "stale", "registry", "recorded"; the reason when failed or skipped.
  std::string source;
};

enum class outcome : std::uint8_t { unchanged, pinned, denied, audited, bad_request };

std::string_view to_string(outcome o) noexcept;

/// The answer for the API server and what it was about.
struct verdict {
  /// 200 with an AdmissionReview, or 400 with a plain reason when the request is no usable AdmissionReview.
  unsigned http_status = 200;
  std::string content_type = "application/json";
  std::string body;

  admission::outcome outcome = admission::outcome::unchanged;
  std::string uid;
  std::string group, kind, ns, name, operation;
  std::vector<slot_outcome> slots;
};

struct inquiry;

class handler {
 public:
  /// `resolver` and `tenants` are shared; both outlive the calls under way. Throws std::invalid_argument when a path of
  /// policy.kinds cannot be parsed; pin::parse_path says so beforehand.
  handler(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::tenant_credentials> tenants,
          pin::policy policy);

  /// Any thread. Answers by `d`. `body` must stay valid until completion; 32 readable bytes behind it.
  awaitable<verdict> handle(std::string_view body, pin::mode mode, deadline d) const;

 private:
  awaitable<std::vector<result<resolve::answer>>> look_up(
      const inquiry& about, const std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d) const;

  std::shared_ptr<resolve::resolver> resolver_;
  std::shared_ptr<registry::tenant_credentials> tenants_;
  pin::policy policy_;
  pin::pod_paths paths_;
};

}  // namespace pinhook::admission
