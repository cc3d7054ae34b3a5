// Debian's docker-registry (distribution 2.8) as a child of the test: its own storage, an ephemeral loopback port.
#pragma once

#include "support/certificates.hpp"
#include "support/child_process.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace pinhook::testing {

struct docker_registry_options {
  /// With it the registry speaks HTTPS.
  const key_pair* tls = nullptr;
  /// The text of an htpasswd file (bcrypt): Basic authentication.
  std::string htpasswd{};
  /// Token authentication: the token server, and the certificate trusted to sign tokens (PEM).
  std::string token_realm{};
  std::string token_authority{};
};

class docker_registry {
 public:
  static constexpr const char* service = "pinhook-test-registry";
  static constexpr const char* issuer = "pinhook-test-issuer";

  /// Throws when it does not start; the message holds its output.
  explicit docker_registry(const docker_registry_options& o = {});

  /// "127.0.0.1:port"
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url() const { return (is_tls_ ? "https://" : "http://") + host(); }
  [[nodiscard]] std::string output() const { return process_->output(); }

 private:
  temporary_directory directory_;
  bool is_tls_ = false;
  std::uint16_t port_ = 0;
  std::unique_ptr<child_process> process_;
};

}  // namespace pinhook::testing
