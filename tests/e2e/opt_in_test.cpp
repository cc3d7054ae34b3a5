// The objects that are sent to pinhook, and the messages that people read when it denies one.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OptIn : public Cluster {
 protected:
  static command_result create(const std::string& ns, const std::string& object) {
    return kubectl({"create", "-n", ns, "-f", "-"}, object);
  }
  static double asked(const replica& one) { return one.metric("pinhook_admissions_total"); }
};

TEST_F(OptIn, WithoutTheLabelNothingIsSent) {
  const auto& pinhook = start_pinhook();
  const auto ns = make_namespace("");
  EXPECT_EQ(create(ns, deployment(image("nowhere:1"))).exit_code, 0);
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("nowhere:1"));
  EXPECT_EQ(asked(pinhook), 0);
}

TEST_F(OptIn, PodsWithDigestsAloneAreNotSent) {
  const auto& pinhook = start_pinhook();
  const auto ns = make_namespace("enforce");
  const auto digest = push("pods/web", "1", "one");
  EXPECT_EQ(create(ns, named("v1", "Pod", R"("spec":)" + pod_spec(image("pods/web@" + digest)))).exit_code, 0);
  kubectl_ok({"label", "pod", "web", "-n", ns, "team=a"});
  EXPECT_EQ(asked(pinhook), 0);
  kubectl_ok({"run", "other", "-n", ns, "--image", image("pods/web:1")});
  EXPECT_EQ(asked(pinhook), 1);
  // Pinned now, like all that controllers make of pinned templates: later changes of it are not sent.
  kubectl_ok({"label", "pod", "other", "-n", ns, "team=a"});
  kubectl_ok({"annotate", "pod", "other", "-n", ns, "team=a"});
  EXPECT_EQ(asked(pinhook), 1);
}

TEST_F(OptIn, NamespacesOfTheSystemAndItsOwnAreLeftAlone) {
  const auto& pinhook = start_pinhook();
  for (const std::string ns : {"kube-system", "kube-public", "kube-node-lease", "pinhook"}) {
    kubectl_ok({"label", "namespace", ns, "--overwrite", "pinhook.dev/pin=enforce"});
    // A template, of which no controller makes anything.
    EXPECT_EQ(create(ns, named("v1", "PodTemplate", R"("template":)" + pod_template(image("nowhere:1")))).exit_code, 0);
    EXPECT_EQ(read(ns, "podtemplate/web", "/template/spec/containers/0/image"), image("nowhere:1")) << ns;
    kubectl_ok({"delete", "podtemplate", "web", "-n", ns});
    kubectl_ok({"label", "namespace", ns, "pinhook.dev/pin-"});
  }
  EXPECT_EQ(asked(pinhook), 0);
}

TEST_F(OptIn, AnObjectMaySkipButNotUnderEnforce) {
  const auto& pinhook = start_pinhook();
  const auto digest = push("skip/web", "1", "one");
  const auto skipping = deployment(image("skip/web:1"), 0, R"(,"labels":{"pinhook.dev/pin":"skip"})");
  for (const char* mode : {"best-effort", "audit"}) {
    const auto ns = make_namespace(mode);
    const auto r = create(ns, skipping);
    EXPECT_EQ(r.exit_code, 0) << r;
    EXPECT_EQ(r.errors, "") << mode;
    EXPECT_EQ(read(ns, "deployment/web", in_template), image("skip/web:1")) << mode;
  }
  EXPECT_EQ(asked(pinhook), 0);
  const auto ns = make_namespace("enforce");
  EXPECT_EQ(create(ns, skipping).exit_code, 0);
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("skip/web@" + digest));
}

TEST_F(OptIn, ADenialNamesContainerImageAnswerAndWhatToDo) {
  start_pinhook();
  const auto missing = image("team/missing:1");
  const auto ns = make_namespace("enforce");
  const auto denied = create(ns, deployment(missing));
  EXPECT_EQ(denied.exit_code, 1);
  EXPECT_THAT(denied.errors, AllOf(HasSubstr("admission webhook \"enforce.pinhook.dev\" denied the request: "),
                                   HasSubstr("container web"), HasSubstr("\"" + missing + "\""), HasSubstr("404"),
                                   HasSubstr("Check the name and the tag")));
  EXPECT_EQ(read(ns, "deployment/web", "/metadata/name"), "");
  const auto lenient = make_namespace("best-effort");
  const auto warned = create(lenient, deployment(missing));
  EXPECT_EQ(warned.exit_code, 0) << warned;
  EXPECT_THAT(warned.errors, AllOf(HasSubstr("Warning: not pinned: "),
                                   HasSubstr("Check the name and the tag (container web, image ")));
  EXPECT_THAT(warned.errors, Not(HasSubstr("denied")));
}

TEST_F(OptIn, TheAuditLogSaysWhatBecameOfEachImage) {
  start_pinhook();
  const auto digest = push("audited/web", "1", "audited");
  struct one {
    const char* mode;
    const char* image;
    const char* annotation;
    std::string text;
  };
  const std::vector<one> all{
      {"enforce", "audited/web:1", "enforce.pinhook.dev/pins", digest},
      {"best-effort", "audited/web:1", "best-effort.pinhook.dev/pins", digest},
      {"best-effort", "audited/missing:1", "best-effort.pinhook.dev/skipped", "web: "},
      {"audit", "audited/web:1", "audit.pinhook.dev/skipped", digest},
  };
  for (const auto& c : all) {
    const auto ns = make_namespace(c.mode);
    EXPECT_EQ(create(ns, deployment(image(c.image))).exit_code, 0) << c.mode;
    EXPECT_TRUE(eventually([&] {
      const auto events = shared().plane.audit_events(ns);
      return std::ranges::any_of(events, [&](const std::string& event) {
        const auto at = event.find(fmt::format("\"{}\":", c.annotation));
        return at != std::string::npos && event.find(c.text, at) != std::string::npos;
      });
    })) << c.annotation;
  }
}

}  // namespace
}  // namespace pinhook::e2e
