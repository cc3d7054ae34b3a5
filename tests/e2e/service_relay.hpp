// Replaces a Service of a cluster: one address for the replicas that are ready.
//
//   service_relay service;
//   service.add({.webhook = 41234, .admin = 41235});
//   // 127.0.0.1:service.port() leads to it once its /readyz says 200
//
// New connections go to the ready replicas in turn; those that were made stay where they are, as with kube-proxy. With
// none ready a connection is closed at once. A thread of its own carries the bytes; public functions: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace pinhook::e2e {

struct endpoint_ports {
  std::uint16_t webhook = 0;
  /// Where /readyz is asked; 0: it is always ready (a registry, not a replica).
  std::uint16_t admin = 0;
};

class service_relay {
 public:
  /// `period`: the interval of readiness checks, and so the delay until an unready replica gets no more connections.
  explicit service_relay(std::chrono::milliseconds period = std::chrono::milliseconds(100));
  ~service_relay();
  service_relay(const service_relay&) = delete;
  service_relay& operator=(const service_relay&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  void add(endpoint_ports replica);
  /// By the webhook's port. Its connections stay.
  void remove(std::uint16_t webhook_port);
  /// And its connections are closed: as when its machine goes.
  void cut(std::uint16_t webhook_port);
  /// Replicas that are ready.
  [[nodiscard]] int ready() const;
  /// Connections taken so far, those closed at once included.
  [[nodiscard]] int connections() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::e2e
