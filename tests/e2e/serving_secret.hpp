// The outside view of certificate tests: the Secret and the caBundles in the API server, and the certificate of a
// port.
//
// Blocking; any thread.
#pragma once

#include "e2e/control_plane.hpp"

#include <pinhook/base/x509_certificate.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::e2e {

/// The Secret's data, decoded; empty: there is no Secret.
[[nodiscard]] std::map<std::string, std::string> read_serving_secret(const control_plane& plane);
/// Makes it, or replaces its data.
void write_serving_secret(const control_plane& plane, const std::map<std::string, std::string>& data);

/// Of each entry of the configuration, decoded; "" where there is none.
[[nodiscard]] std::vector<std::string> read_bundles(const control_plane& plane);
/// Writes it into all entries; "": takes it away.
void write_bundles(const control_plane& plane, const std::string& bundle);

/// The certificate of a server on loopback in a handshake of TLS; nothing: there is no handshake.
[[nodiscard]] std::optional<x509_certificate> shown_certificate(std::uint16_t port);

}  // namespace pinhook::e2e
