// The identity of requests without a credential, where no credential is made to ask it: that handles a secret, and
// warm answers are many.
//
//   if (source.identity_for(ref) == anonymous_identity()) …
//
// An immutable value; any thread.
#pragma once

#include <pinhook/registry/credential.hpp>

#include <string>

namespace pinhook::registry {

/// That of `credential{}`.
[[nodiscard]] inline const std::string& anonymous_identity() {
  static const std::string text = credential{}.identity;
  return text;
}

}  // namespace pinhook::registry
