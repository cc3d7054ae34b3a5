// The advice for a person after a look-up that failed. This is the only place that knows what the reader can do: who
// applies an object in a cluster has neither pinhook nor its configuration, and who runs a command has both.
//
//   advice_for(failure, {.at = audience::place::webhook, .reads_pull_secrets = true, .service_account = "builder"})
//   // "Check the name; for a private image, add imagePullSecrets to the Pod or to service account builder"
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::resolve {

struct audience {
  enum class place : std::uint8_t {
    command,  // the machine on which a command runs
    webhook,  // a cluster, through the API server
  };
  place at = place::command;
  /// command: the registry of the image, for its login: "ghcr.io". Empty: it is not named.
  std::string_view registry = {};
  /// webhook: the pull secrets of Pods and service accounts are used.
  bool reads_pull_secrets = false;
  /// webhook: the Pod names pull secrets.
  bool has_pull_secrets = false;
  /// webhook: the Pod's; empty: "default".
  std::string_view service_account = {};
};

/// A sentence without its full stop: "Check the name and the tag". Empty when the message has it already. A service
/// account is shown in at most 63 bytes, so that an advice has at most 200.
[[nodiscard]] std::string advice_for(const error& cause, const audience& reader);

/// The page that explains how to follow the advice, as a URL; empty: none. Messages with room for it show it.
[[nodiscard]] std::string_view page_for(const error& cause, const audience& reader);

}  // namespace pinhook::resolve
