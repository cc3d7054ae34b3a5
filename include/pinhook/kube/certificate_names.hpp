// The names and addresses that a serving certificate is for.
//
// Plain values; any thread.
#pragma once

#include <string>
#include <vector>

namespace pinhook::kube {

/// The names that a serving certificate has to be for.
struct certificate_names {
  std::vector<std::string> dns_names;
  /// IPv4 or IPv6 in their textual form.
  std::vector<std::string> addresses;
};

}  // namespace pinhook::kube
