// Image rules on a real API server: the messages, the stored objects, and the requests that are never refused.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/core.h>

#include <exception>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* in_policy = "/spec/template/spec/containers/0/imagePullPolicy";

class ImageRules : public Cluster {
 protected:
  static command_result create(const std::string& ns, const std::string& object) {
    return kubectl({"create", "-n", ns, "-f", "-"}, object);
  }
  replica& start_with(const std::string& rules) { return start_pinhook({.settings = {{"RULES", rules}}}); }
};

TEST_F(ImageRules, ADenialNamesRuleContainerImageReasonAndTheLineToWrite) {
  const auto& pinhook = start_with("[{name: versions, require: [tag, not-latest], action: deny}]");
  const auto digest = push("rules/web", "latest", "rules");
  const auto web = image("rules/web");
  for (const char* mode : {"enforce", "best-effort"}) {
    const auto ns = make_namespace(mode);
    const auto denied = create(ns, deployment(web));
    EXPECT_EQ(denied.exit_code, 1) << mode;
    EXPECT_THAT(denied.errors,
                AllOf(HasSubstr("denied the request: "), HasSubstr("rule versions"), HasSubstr("container web"),
                      HasSubstr("\"" + web + "\""), HasSubstr("image: " + web + "@" + digest)));
    EXPECT_EQ(read(ns, "deployment/web", "/metadata/name"), "") << mode;
    EXPECT_EQ(pinhook.metric("pinhook_rule_findings_total",
                             fmt::format(R"(action="deny",namespace="{}",rule="versions")", ns)),
              1)
        << pinhook.metrics();
  }
}

TEST_F(ImageRules, AuditSaysWhatWouldBeDeniedAndChangesNothing) {
  start_with("[{name: versions, require: not-latest, action: deny}]");
  push("rules/web", "latest", "rules");
  const auto ns = make_namespace("audit");
  const auto r = create(ns, deployment(image("rules/web:latest")));
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_THAT(r.errors, HasSubstr("Warning: rule versions would deny: latest moves with every push"));
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("rules/web:latest"));
}

TEST_F(ImageRules, AWarningHoldsTheWholeLineToWrite) {
  start_with("[{name: versions, require: not-latest, action: warn}]");
  const auto digest = push("rules/web", "latest", "rules");
  const auto ns = make_namespace("enforce");
  const auto r = create(ns, deployment(image("rules/web:latest")));
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_THAT(r.errors, AllOf(HasSubstr("Warning: rule versions: latest moves with every push"),
                              HasSubstr("write image: " + image("rules/web@" + digest) + " (container web, image ")));
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("rules/web@" + digest));
}

TEST_F(ImageRules, WhatStoodThereBeforeCanBeScaledButNotRolledOut) {
  start_with("[{name: versions, require: not-latest, action: deny}]");
  push("rules/web", "latest", "rules");
  const auto ns = make_namespace("");
  ASSERT_EQ(create(ns, deployment(image("rules/web:latest"), 0)).exit_code, 0);
  opt_in(ns, "enforce");
  kubectl_ok({"scale", "deployment", "web", "-n", ns, "--replicas=0"});
  kubectl_ok({"annotate", "deployment", "web", "-n", ns, "team=a"});
  const auto patched = kubectl({"patch", "deployment", "web", "-n", ns, "-p", R"({"spec":{"paused":true}})"});
  EXPECT_EQ(patched.exit_code, 0) << patched;
  EXPECT_THAT(patched.errors, HasSubstr("Warning: rule versions: latest moves with every push"));
  const auto rolled = kubectl({"set", "env", "deployment/web", "-n", ns, "A=b"});
  EXPECT_NE(rolled.exit_code, 0);
  EXPECT_THAT(rolled.errors, HasSubstr("rule versions"));
  EXPECT_EQ(kubectl({"set", "image", "deployment/web", "-n", ns,
                     "web=" + image("rules/web@" + push("rules/web", "1", "first"))})
                .exit_code,
            0);
}

// Puts the installation back as the other tests want it.
struct with_pinned_pods {
  explicit with_pinned_pods(world& w) : at(w) { at.install(certificate_source::files, {"pinned-pods"}); }
  ~with_pinned_pods() {
    try {
      at.install(certificate_source::files);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  world& at;
};

TEST_F(ImageRules, PodsByDigestAreJudgedWhereTheyAreSent) {
  const auto& pinhook =
      start_with(R"([{name: registries, require: {registry: "registry.example.com"}, action: deny}])");
  const auto by_digest = image("rules/web@" + push("rules/web", "1", "first"));
  const auto ns = make_namespace("enforce");
  const auto workload = create(ns, deployment(by_digest));
  EXPECT_NE(workload.exit_code, 0);
  EXPECT_THAT(workload.errors, AllOf(HasSubstr("rule registries"), HasSubstr("registry.example.com")));
  kubectl_ok({"run", "passed", "-n", ns, "--image", by_digest});
  EXPECT_EQ(pinhook.metric("pinhook_rule_findings_total"), 1) << "Pods by digest are not sent by default";

  const with_pinned_pods sent(shared());
  EXPECT_TRUE(eventually([&] {
    const auto r = kubectl({"run", "refused", "-n", ns, "--dry-run=server", "--image", by_digest});
    return r.exit_code != 0 && r.errors.find("rule registries") != std::string::npos;
  }));
  kubectl_ok({"label", "pod", "passed", "-n", ns, "team=a"});
}

TEST_F(ImageRules, NeverLeavesAnImageByTag) {
  start_with(R"([{name: sidecars, images: "**/proxyv2", pin: never}])");
  push("istio/proxyv2", "1.20", "proxy");
  const auto digest = push("rules/web", "1", "first");
  const auto ns = make_namespace("enforce");
  EXPECT_EQ(create(ns, deployment(image("istio/proxyv2:1.20"))).exit_code, 0);
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("istio/proxyv2:1.20"));
  kubectl_ok({"set", "image", "deployment/web", "-n", ns, "web=" + image("rules/web:1")});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("rules/web@" + digest));
}

TEST_F(ImageRules, APullPolicyStaysUnlessARuleAsks) {
  start_pinhook();
  push("rules/web", "latest", "rules");
  const auto ns = make_namespace("enforce");
  ASSERT_EQ(create(ns, deployment(image("rules/web"))).exit_code, 0);
  EXPECT_EQ(read(ns, "deployment/web", in_policy), "Always") << "the API server's default";
}

TEST_F(ImageRules, APullPolicyIsRewrittenOnceAndStays) {
  start_with("[{name: pulls, pullPolicy: if-not-present}]");
  push("rules/web", "latest", "rules");
  const auto ns = make_namespace("enforce");
  const auto object = deployment(image("rules/web"));
  kubectl_ok({"apply", "-n", ns, "-f", "-"}, object);
  EXPECT_EQ(read(ns, "deployment/web", in_policy), "IfNotPresent");
  kubectl_ok({"apply", "-n", ns, "-f", "-"}, object);
  EXPECT_EQ(read(ns, "deployment/web", in_policy), "IfNotPresent");
  EXPECT_EQ(read(ns, "deployment/web", "/metadata/generation"), "1");
  kubectl_ok({"run", "alone", "-n", ns, "--image", image("rules/web:latest")});
  EXPECT_EQ(read(ns, "pod/alone", "/spec/containers/0/imagePullPolicy"), "IfNotPresent");
}

}  // namespace
}  // namespace pinhook::e2e
