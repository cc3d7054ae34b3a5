// Each kind of object that holds images: pinned in etcd when it is created, and so are the objects that
// controllers make of it.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinhook::e2e {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

// Of 1.x; without a feature gate.
constexpr int first_with_image_volumes = 35;

class Kinds : public Cluster {
 protected:
  void SetUp() override {
    start_pinhook();
    first_ = push("kinds/web", "1", "first");
    second_ = push("kinds/side", "1", "second");
    web_ = image("kinds/web:1");
    side_ = image("kinds/side:1");
  }
  std::string pinned(const std::string& name, const std::string& digest) const { return image(name + "@" + digest); }
  std::string pinned_web() const { return pinned("kinds/web", first_); }
  std::string pinned_side() const { return pinned("kinds/side", second_); }

  void create(const std::string& ns, const std::string& object) {
    kubectl_ok({"create", "--validate=strict", "-n", ns, "-f", "-"}, object);
  }

  std::string first_, second_, web_, side_;
  int debuggers_ = 0;
};

TEST_F(Kinds, WorkloadsArePinned) {
  const auto all = workloads(web_);
  for (const char* mode : {"enforce", "best-effort"}) {
    for (const auto& w : all) {
      // The modes differ only when something fails.
      if (mode != std::string("enforce") && w.resource != "deployment") continue;
      const auto ns = make_namespace(mode);
      create(ns, w.object);
      EXPECT_EQ(read(ns, w.resource + "/web", w.pointer), pinned_web()) << mode << ", " << w.resource;
      EXPECT_THAT(read(ns, w.resource + "/web", recorded), HasSubstr(first_)) << mode << ", " << w.resource;
      const std::string& kind = w.resource;
      if (kind == "cronjob" || kind == "podtemplate" || kind == "daemonset" || kind == "pod") continue;
      // The Pods of its controller have the same bytes.
      EXPECT_TRUE(eventually([&] { return !read_all(ns, "pods", in_pod).empty(); })) << mode << ", " << kind;
      EXPECT_THAT(read_all(ns, "pods", in_pod), Each(pinned_web())) << mode << ", " << kind;
    }
  }
}

TEST_F(Kinds, AuditChangesNothingAndSaysWhatWouldBe) {
  const auto ns = make_namespace("audit");
  const auto r = kubectl({"create", "-n", ns, "-f", "-"}, deployment(web_));
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_THAT(r.errors, HasSubstr("(container web, image "));
  EXPECT_THAT(r.errors, HasSubstr("would be pinned to sha256:" + first_.substr(7, 12)));
  EXPECT_EQ(read(ns, "deployment/web", in_template), web_);
  EXPECT_EQ(read(ns, "deployment/web", recorded), "");
}

TEST_F(Kinds, EveryPlaceOfAPodIsPinned) {
  const auto ns = make_namespace("enforce");
  const bool has_image_volumes = kubernetes_minor() >= first_with_image_volumes;
  const auto volumes =
      has_image_volumes ? fmt::format(R"(,"volumes":[{{"name":"data","image":{{"reference":"{}"}}}}])", side_) : "";
  create(ns, named("v1", "Pod",
                   fmt::format(R"("spec":{{"initContainers":[{{"name":"first","image":"{0}"}},)"
                               R"({{"name":"side","image":"{1}","restartPolicy":"Always"}}],)"
                               R"("containers":[{{"name":"web","image":"{0}"}},{{"name":"same","image":"{0}"}}]{2}}})",
                               web_, side_, volumes)));
  const auto pod = object(ns, "pod/web");
  EXPECT_EQ(text_at(pod, "/spec/initContainers/0/image"), pinned_web());
  EXPECT_EQ(text_at(pod, "/spec/initContainers/1/image"), pinned_side());
  EXPECT_EQ(text_at(pod, "/spec/containers/0/image"), pinned_web());
  EXPECT_EQ(text_at(pod, "/spec/containers/1/image"), pinned_web());
  EXPECT_EQ(text_at(pod, "/spec/volumes/0/image/reference"), has_image_volumes ? pinned_side() : "");
}

TEST_F(Kinds, AnEphemeralContainerOfKubectlDebugIsPinnedAndTheOthersStay) {
  const auto ns = make_namespace("");
  create(ns, named("v1", "Pod", R"("spec":)" + pod_spec(web_)));
  kubectl_ok({"label", "namespace", ns, "pinhook.dev/pin=enforce"});
  // No kubelet runs it, so kubectl does not attach.
  EXPECT_TRUE(eventually([&] {
    const std::string name = fmt::format("debug-{}", ++debuggers_);
    const auto r = kubectl(
        {"debug", "-n", ns, "web", "--image", side_, "-c", name, "--profile", "general", "--attach=false", "--", "sh"});
    EXPECT_EQ(r.exit_code, 0) << r;
    const auto last = fmt::format("/spec/ephemeralContainers/{}/image", debuggers_ - 1);
    return read(ns, "pod/web", last) == pinned_side();
  })) << kubectl({"get", "pod", "web", "-n", ns, "-o", "yaml"});
  EXPECT_EQ(read(ns, "pod/web", in_pod), web_) << "an image of a container that runs would restart it";
}

TEST_F(Kinds, ACronJobsJobAndItsPodHaveItsBytes) {
  const auto ns = make_namespace("enforce");
  create(ns, named("batch/v1", "CronJob",
                   R"("spec":{"schedule":"0 0 1 1 *","jobTemplate":{"spec":{"template":)" +
                       pod_template(web_, R"(,"restartPolicy":"Never")") + "}}}"));
  push("kinds/web", "1", "moved");
  kubectl_ok({"create", "job", "-n", ns, "once", "--from", "cronjob/web"});
  EXPECT_EQ(read(ns, "job/once", in_template), pinned_web());
  EXPECT_TRUE(eventually([&] { return read_all(ns, "pods", in_pod) == std::vector{pinned_web()}; }));
}

struct custom_kind {
  const char* group;
  const char* version;
  const char* kind;
  const char* plural;
  /// Members beside metadata; {} is the image.
  const char* members;
  const char* pointer;
};

constexpr custom_kind customs[] = {
    {"argoproj.io", "v1alpha1", "Rollout", "rollouts",
     R"("spec":{{"template":{{"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}})", in_template},
    {"tekton.dev", "v1", "Task", "tasks", R"("spec":{{"steps":[{{"name":"web","image":"{}"}}]}})",
     "/spec/steps/0/image"},
    {"serving.knative.dev", "v1", "Service", "services",
     R"("spec":{{"template":{{"spec":{{"containers":[{{"image":"{}"}}]}}}}}})", in_template},
    {"jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets",
     R"("spec":{{"replicatedJobs":[{{"name":"a","template":{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}}}}}}]}})",
     "/spec/replicatedJobs/0/template/spec/template/spec/containers/0/image"},
};

TEST_F(Kinds, KnownCustomResourcesArePinned) {
  std::string definitions;
  for (const auto& k : customs)
    definitions += fmt::format(
        R"({{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{{"name":"{3}.{0}"}},"spec":{{"group":"{0}","scope":"Namespaced","names":{{"kind":"{2}","plural":"{3}"}},"versions":[{{"name":"{1}","served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}]}}}})"
        "\n",
        k.group, k.version, k.kind, k.plural);
  kubectl_ok({"apply", "-f", "-"}, definitions);
  const auto ns = make_namespace("enforce");
  for (const auto& k : customs) {
    const std::string resource = fmt::format("{}.{}", k.plural, k.group);
    EXPECT_TRUE(eventually([&] {
      return read("", "crd/" + resource, "/status/conditions").find(R"("Established")") != std::string::npos &&
             kubectl({"get", resource, "-n", ns}).exit_code == 0;
    })) << resource;
    create(ns, named(fmt::format("{}/{}", k.group, k.version), k.kind, fmt::format(fmt::runtime(k.members), web_)));
    EXPECT_EQ(read(ns, resource + "/web", k.pointer), pinned_web()) << resource;
  }
  for (const auto& k : customs) kubectl_ok({"delete", "crd", fmt::format("{}.{}", k.plural, k.group), "--wait=false"});
}

}  // namespace
}  // namespace pinhook::e2e
