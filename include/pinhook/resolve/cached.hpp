// What the cache of digests says of a key.
//
// A value; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/vouch.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace pinhook::resolve {

/// The state of a key in the cache at a moment.
struct cached {
  enum class state : std::uint8_t {
    miss,      // nothing of use
    fresh,     // `digest` is an answer
    negative,  // `failure` is the answer, unless `digest` is there: then that one, as stale
    stale,     // ask; `digest` is the answer when the registry cannot
  };
  state status = state::miss;
  std::optional<registry::digest> digest;
  /// Of `digest`.
  vouch vouched = {};
  std::shared_ptr<const error> failure;
  /// Fresh and due: this caller, and no other until the refresh has ended, must have the entry refreshed.
  bool refresh = false;
};

}  // namespace pinhook::resolve
