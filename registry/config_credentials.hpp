// Credentials from a config.json: its inline entries, and the answers of its helpers, which it runs.
//
//   auto source = config_credentials::open(path, &machine_processes(), machine_clock());
//   auto credentials = co_await (*source)->credentials_for(ref, d);
//   if (auto changed = (*source)->reload_if_changed(); !changed) log::warning(changed.error().message);
//
// Thread rule: `credentials_for` and `forget` on one thread, that of the registry look-ups; every other function on any
// thread. Must outlive its coroutines.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/file_stamp.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/docker_config.hpp>
#include <pinhook/registry/helper_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

class config_credentials final : public credential_source {
 public:
  /// Makes a source from a config that does not change. `helpers` null: helpers are switched off. `helpers` and `time`
  /// must outlive this.
  config_credentials(docker_config config, process_runner* helpers, const clock& time,
                     helper_cache_options options = {});

  /// Reads `file`. Errors: not_found (no such file), denied (no permission to read it), invalid_input (its content),
  /// unavailable (another failure to read), timed_out (reading it takes longer than `limit`).
  [[nodiscard]] static result<std::shared_ptr<config_credentials>> open(std::string file, process_runner* helpers,
                                                                        const clock& time,
                                                                        helper_cache_options options = {},
                                                                        std::chrono::nanoseconds limit = read_limit);

  /// As `open`, but a missing file counts as empty, and `reload_if_changed` reads it once it exists.
  [[nodiscard]] static result<std::shared_ptr<config_credentials>> open_if_there(
      std::string file, process_runner* helpers, const clock& time, helper_cache_options options = {},
      std::chrono::nanoseconds limit = read_limit);

  [[nodiscard]] std::string identity_for(const reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override {
    return changes_.load(std::memory_order_acquire);
  }

  /// One credential or none. Errors: unsupported (a helper keeps them, and helpers are switched off), and those of
  /// helper_cache::ask.
  awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) override;
  /// Drops the helper's answer for `ref`; inline credentials come from the file and are not cached.
  bool forget(const reference& ref) override;
  /// One or none: the file's path and the key in it ("/etc/docker/config.json", "quay.io/acme"), or the helper
  /// ("credential helper ecr-login") and its key.
  [[nodiscard]] std::vector<credential_match> matches(const reference& ref) const override;

  /// Reads the file again when it differs from the one read last (time, size, inode, device: a mounted secret changes
  /// by a symbolic link). True: there are new credentials. Errors as `open`: the credentials stay as they were, and the
  /// same state of the file is not reported again. It reads the disk: call it every few seconds, not per request.
  [[nodiscard]] result<bool> reload_if_changed();

 private:
  std::unique_ptr<helper_cache> helpers_;  // null: switched off

  shared_value<const docker_config> config_;
  std::atomic<std::uint64_t> changes_{0};

  std::mutex reload_mutex_;  // guards the members below
  std::string file_;         // empty: none to reload
  file_stamp stamp_;
};

}  // namespace pinhook::registry
