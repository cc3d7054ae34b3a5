// The protocol of client-go's credential plugins, without running one: the request to a plugin, and the meaning of its
// answer.
//
// A plugin gets an ExecCredential with a `spec` in the variable KUBERNETES_EXEC_INFO and prints one with a `status`.
// Source: kubernetes.io, "Authentication: client-go credential plugins" and "Client Authentication (v1)".
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/process_request.hpp>
#include <pinhook/kube/cluster.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace pinhook::kube {

/// Bytes of a plugin's answer: a token of a few KiB, or a certificate with its key.
inline constexpr std::size_t max_exec_output = std::size_t{64} * 1024;

/// The credential from a plugin: a token, or a certificate and its key, or all.
struct exec_credential {
  secret token;
  secret certificate;
  secret key;
  /// Empty: valid until it is refused.
  std::optional<wall_time> expires_at;
};

/// True for "client.authentication.k8s.io/v1" and "…/v1beta1".
[[nodiscard]] bool is_exec_version(std::string_view api_version);

/// `authorities`: the PEM text of the cluster's, for a plugin that wants the cluster.
[[nodiscard]] process_request exec_request(const exec_plugin& plugin, const cluster& where,
                                           std::string_view authorities);

/// Errors: unavailable (an exit code other than 0; the message quotes the plugin's standard error), malformed (an
/// invalid answer; its content is not shown).
[[nodiscard]] result<exec_credential> read_exec_answer(const exec_plugin& plugin, const process_output& output);

}  // namespace pinhook::kube
