// What the registry client is configured with.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/host_settings.hpp>
#include <pinhook/registry/platform.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

struct client_options {
  /// Registries on this machine (loopback addresses) are asked only when they stand here.
  std::map<std::string, host_settings, std::less<>> hosts;
  /// access_rules: which registries may be named; empty: all. What is denied is asked nowhere, by no redirect, token
  /// realm or mirror either. A rule that is none makes every look-up fail: see access_rules::make.
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  /// Always fetch the manifest and hash it, never trust Docker-Content-Digest of a HEAD. Costs a pull at Docker Hub.
  bool verify_by_get = false;
  /// Give not the digest of what the tag means but that of this platform's manifest within it. Asked by GET. not_found:
  /// there is none (part_for); an image that is no index: its own digest when its configuration is for the platform.
  std::optional<registry::platform> of_platform;
  std::string user_agent = "pinhook";
};

}  // namespace pinhook::registry
