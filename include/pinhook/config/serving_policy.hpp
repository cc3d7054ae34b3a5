// The settings `tls.*` as the policy of the certificate that pinhook keeps for itself.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/kube/serving_certificate.hpp>

#include <string>

namespace pinhook::config {

/// The policy by the settings for the certificate that is kept in the namespace. invalid_input: invalid names,
/// lifetimes that do not fit each other; the message names the settings.
[[nodiscard]] result<kube::serving_policy> serving_policy_of(const settings& s, const std::string& ns);

}  // namespace pinhook::config
