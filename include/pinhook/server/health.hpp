// What the probes are told: /livez and /readyz.
//
//   GET /readyz → 200 "ready"   or   503 "starting: no certificate is loaded yet"
//
// Thread rule: any thread.
#pragma once

#include <pinhook/server/message.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace pinhook::server {

/// `not_ready`: it serves, and nobody should be sent here.
enum class health_state : std::uint8_t { starting, not_ready, ready, draining };

std::string_view to_string(health_state s) noexcept;

class health {
 public:
  /// `reason` says why it is not ready; shown to the probe. Draining is the last state: after it nothing changes.
  void set(health_state s, std::string reason = {});
  [[nodiscard]] health_state state() const;

  /// 200 as long as the process can answer at all: a restart helps against nothing else.
  [[nodiscard]] response livez() const;
  /// 200 when ready, else 503 with state and reason.
  [[nodiscard]] response readyz() const;

 private:
  mutable std::mutex mutex_;
  health_state state_ = health_state::starting;
  std::string reason_ = "the server has not started yet";
};

}  // namespace pinhook::server
