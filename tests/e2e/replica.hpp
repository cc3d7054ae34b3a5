// One replica of pinhook: the built program, as `pinhook serve` with the rights of its service account.
//
//   replica one(o);                    // returns once it listens
//   one.wait_until_ready();
//   EXPECT_EQ(one.end(SIGTERM), 0) << one.log();
//
// It dies with the test. Public functions may be called from any thread, `end` from one.
#pragma once

#include "e2e/service_relay.hpp"
#include "support/child_process.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace pinhook::e2e {

struct replica_options {
  /// Variables without their prefix: {"CACHE_TTL", "1s"} is PINHOOK_CACHE_TTL.
  std::map<std::string, std::string> settings;
};

class replica {
 public:
  /// Throws when it ends instead of listening; the message holds its log.
  explicit replica(const replica_options& o);

  [[nodiscard]] endpoint_ports ports() const { return ports_; }
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] bool is_running() const { return process_->is_running(); }
  /// False when it is not within the time.
  bool wait_until_ready(std::chrono::milliseconds within = std::chrono::seconds(30)) const;
  /// Sends the signal and waits for the end: the exit code, or 128 + the signal.
  int end(int signal) { return process_->end(signal); }
  /// Sends a signal and goes on.
  void send(int signal) const;
  [[nodiscard]] std::string log() const { return process_->output(); }

  /// /metrics as text.
  [[nodiscard]] std::string metrics() const;
  /// The sum of a metric's values over all of its series that hold `labels` ("mode=\"enforce\"").
  [[nodiscard]] double metric(const std::string& name, const std::string& labels = {}) const;

 private:
  std::unique_ptr<testing::child_process> process_;
  endpoint_ports ports_;
};

}  // namespace pinhook::e2e
