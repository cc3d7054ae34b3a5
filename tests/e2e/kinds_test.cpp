// Each kind of object that holds images: pinned in etcd when it is created.
#include "e2e/cluster.hpp"

namespace pinhook::e2e {
namespace {

using Kinds = Cluster;

TEST_F(Kinds, ADeploymentIsPinned) {
  start_pinhook();
  const auto ns = make_namespace("enforce");
  const auto digest = push("team/web", "1", "first");
  kubectl_ok({"create", "deployment", "web", "-n", ns, "--image", image("team/web:1")});
  EXPECT_EQ(read(ns, "deployment/web", "/spec/template/spec/containers/0/image"), image("team/web@" + digest));
}

}  // namespace
}  // namespace pinhook::e2e
