// The protocol of Docker's credential helpers, without running one: the request, and the meaning of an answer.
//
// `docker-credential-<suffix> get`, the server on standard input, JSON with Username and Secret on standard output. "No
// credentials" is a non-zero exit with a fixed sentence, on standard output. Source: docker/docker-credential-helpers.
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/process_request.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/docker_config.hpp>

#include <optional>
#include <string>

namespace pinhook::registry {

[[nodiscard]] process_request helper_request(const helper_call& call);

/// The identity of the helper's future answer, known without running it, so that cached answers need no process.
[[nodiscard]] std::string helper_identity(const helper_call& call);

/// No value: the helper has no credentials for this server. Errors: unavailable (it failed; with its standard output,
/// quoted, as the protocol specifies), malformed (an invalid answer; its content is not shown).
[[nodiscard]] result<std::optional<credential>> read_helper_answer(const helper_call& call,
                                                                   const process_output& output);

}  // namespace pinhook::registry
