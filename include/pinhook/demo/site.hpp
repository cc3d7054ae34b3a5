// The parts of the demo: the embedded registry and the real webhook on a thread of their own, and a client that speaks
// to the webhook over HTTPS as an API server does.
//
// Thread rule: the thread that made it; calls block.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/demo/embedded_registry.hpp>
#include <pinhook/demo/objects.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/pin/policy.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pinhook::demo {

/// A directory below the system's for temporary files, readable by this user alone, removed with the object.
class scratch_folder {
 public:
  scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file and returns its path.
  result<std::string> write(std::string_view name, std::string_view content) const;

 private:
  std::string path_;
};

/// One admission over HTTPS.
struct admission_trip {
  review_answer answer;
  std::chrono::nanoseconds took{};
};

class site {
 public:
  /// The name under which an API server calls the webhook.
  static constexpr std::string_view service_name = "pinhook.pinhook.svc";

  site();
  site(const site&) = delete;
  site& operator=(const site&) = delete;
  ~site();

  /// Makes the certificate, and starts registry and webhook on free ports of 127.0.0.1.
  result<void> start();

  /// The start of image references: "127.0.0.1:40123".
  [[nodiscard]] const std::string& registry_name() const;
  [[nodiscard]] embedded_registry& images();
  [[nodiscard]] std::uint16_t webhook_port() const;
  [[nodiscard]] const std::string& ca_file() const;
  [[nodiscard]] const scratch_folder& folder() const;

  /// Sends a review of `object` (and `old`, on UPDATE) to the webhook and returns its answer.
  result<admission_trip> admit(pin::mode mode, std::string_view object, std::string_view old);

  /// The digest of a tag from the registry itself, over HTTP: "sha256:…".
  result<std::string> digest_of(std::string_view repository, std::string_view tag);

  /// Returns after SIGINT or SIGTERM.
  void wait_for_signal();

 private:
  struct parts;
  result<http::response> send(http::request r);
  std::unique_ptr<parts> parts_;
};

}  // namespace pinhook::demo
