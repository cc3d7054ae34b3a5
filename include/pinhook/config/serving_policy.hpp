// The settings `tls.*` as the policy of the certificate that pinhook keeps for itself.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/kube/serving_certificate.hpp>

#include <string>

namespace pinhook::config {

/// The name of the Service in the namespace by which API servers call it: "pinhook.pinhook.svc"
/// (admissionregistration.k8s.io/v1, WebhookClientConfig).
[[nodiscard]] std::string called_name(const settings& s, const std::string& ns);

/// The policy by the settings for the certificate that is kept in the namespace. invalid_input: invalid names,
/// lifetimes that do not fit each other; the message names the settings.
[[nodiscard]] result<kube::serving_policy> serving_policy_of(const settings& s, const std::string& ns);

}  // namespace pinhook::config
