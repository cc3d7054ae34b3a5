// The answers to the probes: /livez and /readyz.
//
//   GET /readyz → 200 "ready"   or   503 "starting: no certificate is loaded yet"
//   GET /readyz?verbose → the same, and a line for each note: "callers: …"
//
// Thread rule: any thread.
#pragma once

#include <pinhook/server/message.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace pinhook::server {

/// `not_ready`: it serves, but no requests should be sent to it.
enum class health_state : std::uint8_t { starting, not_ready, ready, draining };

std::string_view to_string(health_state s) noexcept;

class health {
 public:
  /// `reason`: why it is not ready; shown to the probe. Draining is the last state: later calls have no effect.
  void set(health_state s, std::string reason = {});
  [[nodiscard]] health_state state() const;

  /// What a ready server waits for ("the mirrors of the cluster …"): it is `not_ready` until all reasons are gone. It
  /// replaces the reason of the same subject before; empty: it waits no longer.
  void wait_for(std::string_view subject, std::string reason);

  /// What an operator wants to know beside readiness, under a subject ("callers"); it replaces the note before. Empty:
  /// none any more.
  void note(std::string_view subject, std::string text);

  /// Records that reading those files ("the configuration") hangs, or has returned after all.
  void set_stalled(std::string_view files, bool is_stalled);

  /// 200 as long as the process answers and its files can be read: a restart helps in no other case. `overdue_reads`:
  /// of files that look-ups need (base/side_thread).
  [[nodiscard]] response livez(std::size_t overdue_reads = 0) const;
  /// 200 when ready, else 503 with state and reason. `is_verbose`: the notes follow.
  [[nodiscard]] response readyz(bool is_verbose = false) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> stalled_;
  health_state state_ = health_state::starting;
  std::map<std::string, std::string, std::less<>> notes_;
  std::map<std::string, std::string, std::less<>> awaited_;
  std::string reason_ = "the server has not started yet";
};

}  // namespace pinhook::server
