// `pinhook trust update` with the rights of the component trust-update: the ConfigMap and the Secret that hold the
// files, and nothing else.
#include "e2e/cluster.hpp"
#include "support/paths.hpp"
#include "support/scripted_server.hpp"
#include "support/tuf_case.hpp"

#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TrustUpdate : public Cluster {
 protected:
  void SetUp() override {
    kubectl_ok({"apply", "--validate=strict", "-k",
                testing::source_dir() + "/manifests/kustomize/components/trust-update/objects"});
    of_ = testing::read_tuf_case("good-lasting");
    root_ = shared().plane.files().write("tuf-root.json", of_.options.root).string();
    serve(of_);
  }
  void TearDown() override {
    kubectl({"delete", "-k", testing::source_dir() + "/manifests/kustomize/components/trust-update/objects"});
    kubectl({"delete", "configmap/pinhook-trust", "secret/trust", "-n", "pinhook", "--ignore-not-found"});
  }

  void serve(const testing::tuf_case& of) {
    repository_.otherwise([files = of.repository](const testing::recorded_request& r) {
      const auto found = files.find(r.path().substr(1));
      return found == files.end() ? testing::reply{.status = 404}
                                  : testing::reply{.status = 200, .body = found->second};
    });
  }
  [[nodiscard]] command_result update(const std::string& kubeconfig, const std::string& option,
                                      const std::string& object) const {
    return run_command({.command = {testing::program_path(), "trust", "update", "--tuf-url", repository_.url("/"),
                                    "--root", root_, "--kubeconfig", kubeconfig, option, object}});
  }

  testing::scripted_server repository_;
  testing::tuf_case of_;
  std::string root_;
};

TEST_F(TrustUpdate, KeepsOneConfigMapByItsOwnRights) {
  const auto own = shared().plane.kubeconfig_of("pinhook", "pinhook-trust-update").string();
  const auto update_own = [&] { return update(own, "--configmap", "pinhook/pinhook-trust"); };
  // API servers learn of roles a moment after they were written.
  command_result done;
  EXPECT_TRUE(eventually([&] { return (done = update_own()).exit_code == 0; })) << done;
  const std::string target = read("pinhook", "configmap/pinhook-trust", "/data/trusted_root.json");
  EXPECT_THAT(target, HasSubstr("application/vnd.dev.sigstore.trustedroot+json"));
  EXPECT_EQ(read("pinhook", "configmap/pinhook-trust", "/data/tuf.root.json"), of_.options.root);
  const std::string version = read("pinhook", "configmap/pinhook-trust", "/metadata/resourceVersion");

  const auto again = update_own();
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.output, HasSubstr("unchanged"));
  EXPECT_EQ(read("pinhook", "configmap/pinhook-trust", "/metadata/resourceVersion"), version);

  // What is stored counts, and what does not hold changes nothing.
  serve(testing::read_tuf_case("good-ecdsa"));
  const auto other = update_own();
  EXPECT_EQ(other.exit_code, 1) << other;
  EXPECT_EQ(read("pinhook", "configmap/pinhook-trust", "/metadata/resourceVersion"), version);
  serve(of_);

  for (const char* object : {"pinhook/other", "default/pinhook-trust"}) {
    const auto refused = update(own, "--configmap", object);
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_THAT(refused.errors,
                AllOf(HasSubstr("get configmaps " + std::string(object)), HasSubstr("lacks a Role or ClusterRole")));
  }
}

TEST_F(TrustUpdate, KeepsASecretToo) {
  const auto admin = shared().plane.kubeconfig().string();
  const auto done = update(admin, "--secret", "pinhook/trust");
  EXPECT_EQ(done.exit_code, 0) << done;
  EXPECT_FALSE(read("pinhook", "secret/trust", "/data/trusted_root.json").empty());
  const auto again = update(admin, "--secret", "pinhook/trust");
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.output, HasSubstr("unchanged"));
}

}  // namespace
}  // namespace pinhook::e2e
