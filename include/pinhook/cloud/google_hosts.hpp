// Decides which hosts are Google's: registries that may be shown our token, and services that issue it. Compared whole
// label by whole label, in lower case: the check decides where secrets are sent.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::cloud {

/// gcr.io, one label before it, one label that ends in "-docker" before pkg.dev, docker.<region>.rep.pkg.dev
/// (cloud-provider-gcp at 4e245312, pkg/gcpcredential; fluxcd/pkg at e2cfd1a2, auth/gcp). go-containerregistry takes
/// all of .pkg.dev and .google.com as well, which is wider than Google's registries. `registry` as a reference names
/// it; one with a port is not Google's.
[[nodiscard]] bool is_google_registry(std::string_view registry);

/// True for an https URL, at the usual port, of Google's service `name` ("sts", "iamcredentials"): its global, regional
/// and private endpoints below googleapis.com (google.aip.dev/auth/4117 lists the forms).
[[nodiscard]] bool is_google_service(const std::string& url, std::string_view name);

}  // namespace pinhook::cloud
