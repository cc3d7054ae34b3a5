// The reads of one pull secret and of one service account, as values that are held and renewed (base/fetch_cache).
//
// Thread rule: that of the api.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/registry/pull_keyring.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {

struct secret_read {
  std::vector<registry::pull_entry> entries;
  steady_time at;
};
using shared_read = std::shared_ptr<const secret_read>;

struct account_read {
  std::vector<std::string> names;
  steady_time at;
};

/// The age at which a value is read again: the rest of `ttl` is left for the read.
[[nodiscard]] constexpr std::chrono::nanoseconds fresh_for(std::chrono::nanoseconds ttl) { return ttl * 2 / 3; }

/// Held for `fresh`. invalid_input: not a pull secret; other errors: as kube::api.
awaitable<result<fetch_cache<shared_read>::fetched>> read_secret(std::shared_ptr<api> from, std::string ns,
                                                                 std::string name, const clock& time,
                                                                 std::chrono::nanoseconds fresh, deadline d);

/// Held for `fresh`; errors: as kube::api.
awaitable<result<fetch_cache<account_read>::fetched>> read_account(std::shared_ptr<api> from, std::string ns,
                                                                   std::string name, const clock& time,
                                                                   std::chrono::nanoseconds fresh, deadline d);

}  // namespace pinhook::kube
