// What the self-managed serving certificate is configured with.
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
  /// Of leaves, renewed after two thirds of it; never beyond that of their authority.
  std::chrono::seconds lifetime = std::chrono::hours(24 * 90);
  /// Of authorities, succeeded after two thirds of it.
  std::chrono::seconds authority_lifetime = std::chrono::hours(24 * 365);
  /// How long an API server may use an older configuration.
  std::chrono::seconds settle = std::chrono::minutes(1);
  /// How long a succeeded authority is still trusted. At least three times `settle` is taken.
  std::chrono::seconds overlap = std::chrono::hours(1);
};

/// invalid_input: no names, or lifetimes too short to renew in time (less than six times `settle`, or an authority that
/// lives shorter than a leaf).
[[nodiscard]] result<void> check_policy(const serving_policy& r);

struct serving_options {
  /// Of the Secret: our own.
  std::string ns;
  std::string secret_name = "pinhook-serving-certificate";
  /// The MutatingWebhookConfiguration whose entries get the caBundle.
  std::string configuration = "pinhook";
  /// `policy.names` have to be given.
  serving_policy policy;
  /// Between two looks, give or take a tenth. Shorter heals sooner and costs the API server two reads each.
  std::chrono::nanoseconds check_interval = std::chrono::seconds(15);
  /// One request to the API server.
  std::chrono::nanoseconds request_limit = std::chrono::seconds(10);
};

}  // namespace pinhook::kube
