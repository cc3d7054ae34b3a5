// The names and addresses of a serving certificate.
//
// Plain values; any thread.
#pragma once

#include <string>
#include <vector>

namespace pinhook::kube {

/// The names that a serving certificate must have.
struct certificate_names {
  std::vector<std::string> dns_names;
  /// IPv4 or IPv6 in their textual form.
  std::vector<std::string> addresses;
};

}  // namespace pinhook::kube
