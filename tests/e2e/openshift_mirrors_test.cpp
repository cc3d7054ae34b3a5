// OpenShift's mirrors on a real API server, with the rights of manifests/kustomize/components/openshift-mirrors. The
// kinds have the names and fields of openshift/api (config/v1 and operator/v1alpha1, at 2a3d7391) that pinhook reads.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <array>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct mirror_crd {
  std::string_view group, version, kind, plural, member, policy;
};

constexpr std::string_view with_policy =
    R"(,"mirrorSourcePolicy":{"type":"string","enum":["NeverContactSource","AllowContactingSource"]})";

constexpr std::array<mirror_crd, 3> crds{{
    {"config.openshift.io", "v1", "ImageDigestMirrorSet", "imagedigestmirrorsets", "imageDigestMirrors", with_policy},
    {"config.openshift.io", "v1", "ImageTagMirrorSet", "imagetagmirrorsets", "imageTagMirrors", with_policy},
    {"operator.openshift.io", "v1alpha1", "ImageContentSourcePolicy", "imagecontentsourcepolicies",
     "repositoryDigestMirrors", ""},
}};

std::string definition_of(const mirror_crd& of) {
  std::string singular(of.plural.substr(0, of.plural.size() - 1));
  if (singular.ends_with("ie")) singular.replace(singular.size() - 2, 2, "y");
  return fmt::format(
      R"({{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{{"name":"{1}.{0}",)"
      R"("annotations":{{"api-approved.kubernetes.io":"unapproved, a test"}}}},"spec":{{"group":"{0}","scope":"Cluster",)"
      R"("names":{{"plural":"{1}","singular":"{6}","kind":"{2}","listKind":"{2}List"}},"versions":[{{"name":"{3}",)"
      R"("served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"spec":)"
      R"({{"type":"object","properties":{{"{4}":{{"type":"array","items":{{"type":"object","required":["source"],)"
      R"("properties":{{"source":{{"type":"string"}},"mirrors":{{"type":"array","items":{{"type":"string"}}}}{5}}}}}}}}}}}}}}}}}}}]}}}})",
      of.group, of.plural, of.kind, of.version, of.member, of.policy, singular);
}

class OpenshiftMirrors : public Cluster {
 protected:
  void SetUp() override { shared().install(certificate_source::files, {"openshift-mirrors"}); }
  void TearDown() override {
    for (const auto& one : crds)
      kubectl({"delete", "crd", "--ignore-not-found", fmt::format("{}.{}", one.plural, one.group)});
    kubectl_ok({"delete", "clusterrole,clusterrolebinding", "pinhook-openshift-mirrors"});
    shared().install(certificate_source::files);
  }

  // Of a kind that is there: kubectl asks for no group otherwise.
  static bool may_list() {
    return kubectl({"auth", "can-i", "list", "imagetagmirrorsets.config.openshift.io",
                    "--as=system:serviceaccount:pinhook:pinhook"})
        .output.starts_with("yes");
  }
  static void have_kinds() {
    for (const auto& one : crds) {
      kubectl_ok({"create", "--validate=strict", "-f", "-"}, definition_of(one));
      kubectl_ok({"wait", "--for=condition=Established", fmt::format("crd/{}.{}", one.plural, one.group)});
      // Established says little about the path: it is served a moment later.
      ASSERT_TRUE(eventually([&] {
        return kubectl({"get", "--raw", fmt::format("/apis/{}/{}/{}", one.group, one.version, one.plural)}).exit_code ==
               0;
      }));
    }
    ASSERT_TRUE(eventually(may_list));
  }
  static void make(const mirror_crd& of, const std::string& source, const std::string& policy) {
    kubectl_ok({"create", "--validate=strict", "-f", "-"},
               fmt::format(R"({{"apiVersion":"{}/{}","kind":"{}","metadata":{{"name":"hub"}},"spec":{{"{}":)"
                           R"([{{"source":"{}","mirrors":["{}"]{}}}]}}}})",
                           of.group, of.version, of.kind, of.member, source, image("mirrored"),
                           policy.empty() ? "" : R"(,"mirrorSourcePolicy":")" + policy + "\""));
  }
  replica& start() { return start_pinhook({.settings = {{"MIRRORS_OPENSHIFT", "true"}}}); }
};

TEST_F(OpenshiftMirrors, AClusterWithoutTheKindsHasNoMirrors) {
  start();
  const auto digest = push("openshift/web", "1", "one");
  const auto ns = make_namespace("enforce");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("openshift/web:1")));
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("openshift/web@" + digest));
}

TEST_F(OpenshiftMirrors, ATagIsAskedAtItsMirrorAndPinnedWhereTheDigestHasOne) {
  have_kinds();
  const auto digest = push("mirrored/web", "1", "one");
  make(crds[1], "source.example.com", "NeverContactSource");
  auto& first = start();
  const auto ns = make_namespace("enforce");
  const std::string web = deployment("source.example.com/web:1");
  const auto kept = kubectl({"create", "-n", ns, "-f", "-"}, web);
  EXPECT_EQ(kept.exit_code, 0) << kept;
  EXPECT_EQ(read(ns, "deployment/web", in_template), "source.example.com/web:1");
  EXPECT_THAT(kept.errors,
              AllOf(HasSubstr("stays a tag"), HasSubstr("add an ImageDigestMirrorSet for source.example.com")));

  // A new replica reads at its start; a running one would after half a minute.
  make(crds[0], "source.example.com", "");
  stop_pinhook(first);
  start();
  kubectl_ok({"delete", "deployment", "web", "-n", ns});
  const auto pinned = kubectl({"create", "-n", ns, "-f", "-"}, web);
  EXPECT_EQ(pinned.exit_code, 0) << pinned;
  EXPECT_EQ(pinned.errors, "");
  EXPECT_EQ(read(ns, "deployment/web", in_template), "source.example.com/web@" + digest);
}

TEST_F(OpenshiftMirrors, TheOldPoliciesServeDigests) {
  have_kinds();
  const auto digest = push("mirrored/web", "1", "one");
  make(crds[1], "source.example.com", "NeverContactSource");
  make(crds[2], "source.example.com", "");
  start();
  const auto ns = make_namespace("enforce");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment("source.example.com/web:1"));
  EXPECT_EQ(read(ns, "deployment/web", in_template), "source.example.com/web@" + digest);
}

TEST_F(OpenshiftMirrors, AReplicaWithoutTheRightsIsNotReadyAndSaysSo) {
  have_kinds();
  kubectl_ok({"delete", "clusterrolebinding", "pinhook-openshift-mirrors"});
  ASSERT_TRUE(eventually([] { return !may_list(); }));
  replica_options options;
  for (const auto& [name, value] : shared().settings()) options.settings[name] = value;
  options.settings["MIRRORS_OPENSHIFT"] = "true";
  const replica one(options);
  EXPECT_TRUE(eventually([&] { return one.log().find("lacks a ClusterRole") != std::string::npos; })) << one.log();
  EXPECT_FALSE(one.is_ready());
  kubectl_ok({"apply", "--validate=strict", "-f",
              testing::source_dir() + "/manifests/kustomize/components/openshift-mirrors/objects/rbac.yaml"});
  EXPECT_TRUE(eventually([&] { return one.is_ready(); })) << one.log();
}

}  // namespace
}  // namespace pinhook::e2e
