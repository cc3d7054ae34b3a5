// A registry's challenge, and credentials to answer it with.
#pragma once

#include "support/fake_http_client.hpp"

#include <pinhook/http/message.hpp>
#include <pinhook/registry/credential.hpp>

#include <string>

namespace pinhook::registry {

using testing::respond;

inline credential user() {
  return {credential_kind::basic, "alice", secret("pa55word"), "config.json: r.example", "id-alice"};
}
inline credential identity_token() {
  return {credential_kind::identity_token, "", secret("refresh-me"), "config.json: r.example", "id-refresh"};
}
inline credential registry_token() {
  return {credential_kind::registry_token, "", secret("raw-token"), "config.json: r.example", "id-raw"};
}

inline const std::string bearer =
    R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:acme/api:pull")";
inline http::response challenged(const std::string& challenge = bearer) {
  return respond(401, {{"WWW-Authenticate", challenge}});
}

}  // namespace pinhook::registry
