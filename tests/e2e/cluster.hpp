// The fixture of the end-to-end tests: a control plane with pinhook's manifests installed, a registry, and pinhook.
//
//   TEST_F(Cluster, PinsADeployment) {
//     start_pinhook();
//     const auto ns = make_namespace("enforce");
//     const auto digest = push("team/web", "1", "first");
//     EXPECT_EQ(kubectl({"create", "deployment", "web", "-n", ns, "--image", image("team/web:1")}).exit_code, 0);
//     EXPECT_EQ(read(ns, "deployment/web", "/spec/template/spec/containers/0/image"), image("team/web@" + digest));
//   }
//
// The control plane, the registry and the installation are made by the first test that runs and used by all; replicas
// of pinhook and namespaces are each test's own and end with it. In place of the Service the webhook configuration has
// the URL of a relay on loopback, behind which the replicas come and go. The tests' one thread; `kubectl`, `read` and
// `push` from any.
#pragma once

#include "e2e/command.hpp"
#include "e2e/control_plane.hpp"
#include "e2e/polling.hpp"
#include "e2e/replica.hpp"
#include "e2e/service_relay.hpp"
#include "support/certificates.hpp"
#include "support/docker_registry.hpp"
#include "support/image_signer.hpp"

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::e2e {

/// Where pinhook's serving certificate comes from.
enum class certificate_source {
  /// pinhook makes it, keeps it in the Secret and writes caBundle.
  self_managed,
  /// Files, and the caBundle written by the test.
  files,
};

/// The state that all tests share. Made once; no part is made again between tests.
class world {
 public:
  /// `programs`: see control_plane.
  explicit world(std::filesystem::path programs);

  /// Renders manifests/kustomize/overlays/self-managed without the Deployment and applies it; again, it changes where
  /// the certificate comes from. `components`: of manifests/kustomize/components. Throws at any error or warning of the
  /// API server.
  void install(certificate_source source, const std::vector<std::string>& components = {});
  [[nodiscard]] certificate_source installed() const { return source_; }

  /// The settings of a replica: the ConfigMap of the manifests, ports of its own, the service account's kubeconfig.
  [[nodiscard]] std::map<std::string, std::string> settings() const;

  control_plane plane;
  /// Behind it: the replicas of pinhook.
  service_relay service;
  testing::docker_registry registry;
  /// Before the registry: images are named by it, so that it can go and come back (`cut`, `add`).
  service_relay registry_gate;
  testing::certificate_authority authority;

 private:
  certificate_source source_ = certificate_source::self_managed;
  std::filesystem::path kubeconfig_, config_, certificate_, key_;
};

/// The folder of tests/e2e/tools, from E2E_PROGRAMS. Throws when it is not set.
[[nodiscard]] std::filesystem::path programs_folder();

class Cluster : public ::testing::Test {
 protected:
  ~Cluster() override;

  /// Made at the first call.
  static world& shared();

  /// A replica with these settings over the defaults, ready and behind the webhook's URL. It ends with the test.
  replica& start_pinhook(const replica_options& o = {});
  /// Takes it from the webhook's URL and ends it: the exit code.
  int stop_pinhook(replica& one, int signal = 15);

  /// A namespace of the test's own with the label pinhook.dev/pin (none when `mode` is empty), with its default
  /// service account made. It is deleted with the test.
  std::string make_namespace(std::string_view mode);

  /// Labels a namespace that is there, and waits until the API server goes by it.
  static void opt_in(const std::string& ns, const std::string& mode);

  /// 37 of Kubernetes 1.37.
  static int kubernetes_minor();

  /// kubectl as the admin.
  static command_result kubectl(std::vector<std::string> arguments, std::string input = {});
  /// kubectl, which must succeed; its output.
  static std::string kubectl_ok(std::vector<std::string> arguments, std::string input = {});

  /// The value at a JSON pointer of an object as the API server stores it; "" when there is none. Numbers and
  /// booleans as text, arrays and objects as JSON.
  static std::string read(const std::string& ns, const std::string& object, const std::string& pointer);
  static json::document object(const std::string& ns, const std::string& object);
  /// The value at the pointer of each object of a kind.
  static std::vector<std::string> read_all(const std::string& ns, const std::string& kind, const std::string& pointer);

  /// Pushes an image made of `seed`: its digest.
  static std::string push(const std::string& repository, const std::string& tag, const std::string& seed);
  /// Signs the image of that digest with the key.
  static void sign(const std::string& repository, const std::string& digest, const testing::image_signer& by);
  /// "127.0.0.1:41234/team/web:1" of "team/web:1".
  static std::string image(const std::string& name);
  /// Connections to the registry end, and new ones are closed at once; then it is back.
  static void set_registry_down(bool is_down);

 private:
  std::vector<std::unique_ptr<replica>> replicas_;
  std::vector<std::string> namespaces_;
};

/// The value at a JSON pointer, as `Cluster::read` gives it.
[[nodiscard]] std::string text_at(const json::value& object, const std::string& pointer);

}  // namespace pinhook::e2e
