// manifests/examples/pull-secrets-by-namespace: pinhook's account reads pull secrets in the namespaces that are named,
// and in no others.
#include "e2e/cluster.hpp"
#include "support/paths.hpp"

#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

class PullSecretRights : public Cluster {
 protected:
  void SetUp() override {
    for (const char* ns : {"team-a", "team-b"}) kubectl_ok({"create", "namespace", ns});
    // What the example deletes.
    kubectl_ok({"delete", "clusterrole,clusterrolebinding", "pinhook-pull-secrets"});
    const std::string example = testing::source_dir() + "/manifests/examples/pull-secrets-by-namespace/";
    kubectl_ok({"apply", "--validate=strict", "-f", example + "team-a.yaml", "-f", example + "team-b.yaml"});
  }

  void TearDown() override {
    kubectl_ok({"delete", "namespace", "team-a", "team-b"});
    shared().install(certificate_source::files);
  }

  static bool may(const std::string& verb, const std::string& resource, const std::string& ns) {
    return kubectl({"auth", "can-i", verb, resource, "-n", ns, "--as=system:serviceaccount:pinhook:pinhook"})
        .output.starts_with("yes");
  }
  // A namespace is in itself for RBAC, so that a Role there lets pinhook read its labels.
  static bool sees(const std::string& ns) {
    return kubectl({"get", "namespace", ns, "--as=system:serviceaccount:pinhook:pinhook"}).exit_code == 0;
  }
};

TEST_F(PullSecretRights, ReachTheNamedNamespacesAlone) {
  for (const char* ns : {"team-a", "team-b"}) {
    // API servers learn of roles a moment after they were written.
    EXPECT_TRUE(eventually([&] { return may("get", "secrets/regcred", ns); })) << ns;
    EXPECT_TRUE(may("get", "serviceaccounts/default", ns)) << ns;
    EXPECT_TRUE(sees(ns)) << ns;
    EXPECT_FALSE(may("list", "secrets", ns)) << ns;
    EXPECT_FALSE(may("watch", "secrets", ns)) << ns;
  }
  for (const char* ns : {"default", "kube-system"}) {
    EXPECT_TRUE(eventually([&] { return !may("get", "secrets/regcred", ns); })) << ns;
    EXPECT_FALSE(may("get", "serviceaccounts/default", ns)) << ns;
    EXPECT_FALSE(sees(ns)) << ns;
  }
}

}  // namespace
}  // namespace pinhook::e2e
