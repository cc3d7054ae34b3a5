// The configuration of the registry client.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/host_settings.hpp>
#include <pinhook/registry/platform.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

struct client_options {
  /// Registries on this machine (loopback addresses) are contacted only when they are listed here, unless
  /// `asks_loopback`.
  std::map<std::string, host_settings, std::less<>> hosts;
  /// A registry on this machine is contacted like any other. For a person who names the image: another's image must not
  /// make a server of the cluster send requests to its own machine. Redirects and token realms reach this machine only
  /// as without it.
  bool asks_loopback = false;
  /// access_rules: the registries that may be named; empty: all. A denied host is never contacted, not even by a
  /// redirect, a token realm or a mirror. An invalid rule makes every look-up fail: see access_rules::make.
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  /// Always fetch the manifest and hash it, and never trust the Docker-Content-Digest of a HEAD. Costs a pull at Docker
  /// Hub.
  bool verify_by_get = false;
  /// Return not the tag's own digest but that of this platform's manifest within it; uses GET. not_found: the index has
  /// no such manifest (part_for). An image that is not an index: its own digest when its configuration is for the
  /// platform.
  std::optional<registry::platform> of_platform;
  std::string user_agent = "pinhook";
  /// A token's fetch that takes longer is given up, whatever time the requests that wait for it have.
  std::chrono::nanoseconds token_limit = std::chrono::seconds(30);
};

}  // namespace pinhook::registry
