// The configuration of the self-managed serving certificate.
//
// Plain values and a pure function; any thread.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/certificate_names.hpp>

#include <chrono>
#include <string>

namespace pinhook::kube {

struct serving_policy {
  certificate_names names;
  /// The lifetime of leaves, which are renewed after two thirds of it; never beyond that of their authority.
  std::chrono::seconds lifetime = std::chrono::hours(24 * 90);
  /// The lifetime of authorities, which are succeeded after two thirds of it.
  std::chrono::seconds authority_lifetime = std::chrono::hours(24 * 365);
  /// The time for which an API server may use an older configuration.
  std::chrono::seconds settle = std::chrono::minutes(1);
  /// The time for which a succeeded authority stays trusted; at least three times `settle`.
  std::chrono::seconds overlap = std::chrono::hours(1);
};

/// invalid_input: no names, or lifetimes too short to renew in time (less than six times `settle`, or an authority that
/// lives shorter than a leaf).
[[nodiscard]] result<void> check_policy(const serving_policy& r);

struct serving_options {
  /// The namespace of the Secret: our own.
  std::string ns;
  std::string secret_name = "pinhook-serving-certificate";
  /// The MutatingWebhookConfiguration whose entries get the caBundle.
  std::string configuration = "pinhook";
  /// `policy.names` must be given.
  serving_policy policy;
  /// The time between two looks, plus or minus a tenth. Shorter: repaired sooner, with two reads of the API server
  /// each.
  std::chrono::nanoseconds check_interval = std::chrono::seconds(15);
  /// The time limit of one request to the API server.
  std::chrono::nanoseconds request_limit = std::chrono::seconds(10);
};

}  // namespace pinhook::kube
