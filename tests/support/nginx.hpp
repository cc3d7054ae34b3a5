// Debian's nginx as a child of the test: TLS with HTTP/2 on an ephemeral loopback port.
#pragma once

#include "support/certificates.hpp"
#include "support/child_process.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace pinhook::testing {

class nginx {
 public:
  /// `locations` is put into the server block: "location / { return 200 ok; }".
  nginx(const key_pair& tls, const std::string& locations);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::string output() const { return process_->output(); }

 private:
  temporary_directory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<child_process> process_;
};

}  // namespace pinhook::testing
