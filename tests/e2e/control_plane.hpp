// A Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager as children of the test. No
// scheduler and no kubelet: Pods are made and never run.
//
//   control_plane plane(folder_with_the_programs);
//   const auto r = plane.kubectl({"get", "namespaces"});
//
// RBAC is on, the admin is in system:masters. Everything listens on 127.0.0.1 and keeps its data in a temporary
// directory; the children die with the test. One thread starts and ends it; `kubectl` and the readers may be called
// from any.
#pragma once

#include "e2e/command.hpp"
#include "support/certificates.hpp"
#include "support/child_process.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::e2e {

class control_plane {
 public:
  /// `programs`: a folder with etcd, kube-apiserver, kube-controller-manager and kubectl, as tests/e2e/tools makes it.
  /// Throws when it does not come up; the message holds the last that was logged.
  explicit control_plane(std::filesystem::path programs);
  ~control_plane();

  /// Of the API server, on 127.0.0.1.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The admin's bearer token.
  [[nodiscard]] const std::string& token() const { return token_; }
  /// The authority that signed the API server's certificate (PEM).
  [[nodiscard]] const std::string& authority() const { return authority_.certificate(); }
  /// The authority of the client certificate that the API server shows webhooks, which names it webhook_client.
  [[nodiscard]] const std::string& callers_authority() const { return callers_.certificate(); }
  static constexpr const char* webhook_client = "kube-apiserver-webhooks";
  /// The admin's kubeconfig.
  [[nodiscard]] const std::filesystem::path& kubeconfig() const { return kubeconfig_; }
  [[nodiscard]] std::filesystem::path program(std::string_view name) const { return programs_ / name; }
  /// Where the test may keep files for as long as the control plane lives.
  [[nodiscard]] const testing::temporary_directory& files() const { return files_; }

  /// kubectl as the admin.
  [[nodiscard]] command_result kubectl(std::vector<std::string> arguments, std::string input = {}) const;
  /// The path of a kubeconfig of a service account, with a token that lasts for hours.
  [[nodiscard]] std::filesystem::path kubeconfig_of(const std::string& ns, const std::string& account) const;

  /// The admin's writes to a namespace from the audit log: a JSON object each, at level Metadata.
  [[nodiscard]] std::vector<std::string> audit_events(const std::string& ns) const;

  /// Whether all three programs run.
  [[nodiscard]] bool is_running() const;
  /// The end of their logs.
  [[nodiscard]] std::string log() const;

 private:
  void write_files();
  void write_admission_configuration();
  void start_etcd();
  void start_api_server();
  void start_controller_manager();
  [[nodiscard]] std::string kubeconfig_text(const std::string& token) const;

  std::filesystem::path programs_;
  testing::temporary_directory files_;
  testing::certificate_authority authority_;
  testing::certificate_authority callers_{"callers of webhooks"};
  std::string token_, manager_token_, etcd_url_;
  std::uint16_t port_ = 0;
  std::filesystem::path kubeconfig_;
  std::unique_ptr<testing::child_process> etcd_, api_server_, controller_manager_;
};

/// A port of 127.0.0.1 without a listener.
[[nodiscard]] std::uint16_t free_port();

}  // namespace pinhook::e2e
