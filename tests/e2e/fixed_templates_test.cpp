// Objects whose images cannot change any more, or not without a restart: a Job's template and a running Pod. No
// update of them is refused because of a pin, and none of their images moves (pin/README.md, rules 3.4 and 3.5).
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <pinhook/pin/pod_paths.hpp>

#include <fmt/core.h>

#include <map>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The Job controller takes the start time out of a Job that is suspended, and the API server takes changes of its
// template then (feature MutableSchedulingDirectivesForSuspendedJobs: by default from 1.36). Before, the API server
// refuses them for a Job that has a start time, with and without pinhook (pkg/registry/batch/job/strategy.go).
constexpr int first_that_clears_start_times = 36;

class FixedTemplates : public Cluster {
 protected:
  void SetUp() override {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    repository_ = "fixed/" + std::to_string(std::hash<std::string>()(name));
    digest_ = push(repository_, "1", name);
    by_tag_ = image(repository_ + ":1");
    pinned_ = image(repository_ + "@" + digest_);
  }

  static std::string job(const std::string& image, const std::string& more = {}, const std::string& metadata = {}) {
    return named("batch/v1", "Job",
                 R"("spec":{)" + more + R"("template":)" + pod_template(image, R"(,"restartPolicy":"Never")") + "}",
                 metadata);
  }
  static std::string queued(const std::string& image) { return job(image, R"("suspend":true,)"); }
  static std::string pod(const std::string& image, const std::string& metadata = {}) {
    return named("v1", "Pod", R"("spec":)" + pod_spec(image), metadata);
  }

  static command_result patch(const std::string& ns, const std::string& changes) {
    return kubectl({"patch", "job", "web", "-n", ns, "--type", "merge", "-p", changes});
  }
  // The patches of Kueue (v0.17.0) that start a Job, and that take it back.
  static constexpr const char* start =
      R"({"spec":{"suspend":false,"template":{"spec":{"nodeSelector":{"pool":"a"}}}}})";
  static constexpr const char* suspend = R"({"spec":{"suspend":true}})";
  static constexpr const char* restore = R"({"spec":{"template":{"spec":{"nodeSelector":null}}}})";

  static void expect_starts(const std::string& ns, const std::string& image) {
    const auto r = patch(ns, start);
    EXPECT_EQ(r.exit_code, 0) << ns << ": " << r;
    const auto started = object(ns, "job/web");
    EXPECT_EQ(text_at(started, "/spec/suspend"), "false");
    EXPECT_EQ(text_at(started, "/spec/template/spec/nodeSelector/pool"), "a");
    EXPECT_EQ(text_at(started, in_template), image);
  }
  // Its Pods are pinned, whatever the template has.
  void expect_pinned_pods(const std::string& ns) {
    EXPECT_TRUE(eventually([&] { return read_all(ns, "pods", in_pod) == std::vector{pinned_}; }))
        << ::testing::PrintToString(read_all(ns, "pods", in_pod));
  }
  static void expect_is_taken_back(const std::string& ns) {
    EXPECT_EQ(patch(ns, suspend).exit_code, 0);
    if (kubernetes_minor() < first_that_clears_start_times) {
      const auto refused = patch(ns, restore);
      EXPECT_THAT(refused.errors, HasSubstr("field is immutable")) << "the test of the server's version is not needed";
      EXPECT_THAT(refused.errors, Not(HasSubstr("pinhook")));
    }
    // Not before the Job controller has deleted the Pods, and the start time is out.
    EXPECT_TRUE(eventually([&] { return is_without_start_time(ns) && patch(ns, restore).exit_code == 0; }))
        << patch(ns, restore);
  }
  // Whether the API server takes changes of the template again. Where the Job controller leaves the start time of a
  // suspended Job, Kueue (v0.17.0, pkg/controller/jobs/job) takes it out itself before it restores the template.
  static bool is_without_start_time(const std::string& ns) {
    if (kubernetes_minor() >= first_that_clears_start_times) return true;
    return kubectl({"patch", "job", "web", "-n", ns, "--subresource", "status", "--type", "merge", "-p",
                    R"({"status":{"startTime":null}})"})
               .exit_code == 0;
  }

  static command_result apply(const std::string& ns, const std::string& object, bool is_server_side) {
    std::vector<std::string> arguments{"apply", "-n", ns, "-f", "-"};
    if (is_server_side) arguments.insert(arguments.end(), {"--server-side", "--force-conflicts"});
    return kubectl(std::move(arguments), object);
  }

  std::string repository_, digest_, by_tag_, pinned_;
};

// The table of kinds agrees with the API server's validation.
TEST_F(FixedTemplates, AreThoseThatTheTableOfKindsCallsImmutable) {
  const auto ns = make_namespace("");
  const auto other = image(repository_ + ":2");
  const pin::pod_paths table;
  for (const auto& w : workloads(by_tag_)) {
    kubectl_ok({"create", "-n", ns, "-f", "-"}, w.object);
    const auto made = json::parse(w.object);
    ASSERT_TRUE(made) << w.object;
    const std::string version(json::find_string(*made, "apiVersion").value_or(""));
    const auto slash = version.find('/');
    const auto images = table.images_of(slash == std::string::npos ? "" : version.substr(0, slash),
                                        json::find_string(*made, "kind").value_or(""));
    const auto r = kubectl({"patch", w.resource, "web", "-n", ns, "--dry-run=server", "--type=json", "-p",
                            fmt::format(R"([{{"op":"replace","path":"{}","value":"{}"}}])", w.pointer, other)});
    EXPECT_EQ(r.exit_code == 0, images == pin::images::changeable) << w.resource << ": " << r;
    if (r.exit_code != 0) {
      EXPECT_THAT(r.errors, HasSubstr("field is immutable")) << w.resource;
    }
    kubectl_ok({"delete", w.resource, "web", "-n", ns, "--wait=false"});
  }
}

TEST_F(FixedTemplates, AJobThatWasQueuedByTagStartsAndIsTakenBack) {
  start_pinhook();
  for (const char* mode : {"enforce", "best-effort"}) {
    const auto ns = make_namespace("");
    kubectl_ok({"create", "-n", ns, "-f", "-"}, queued(by_tag_));
    opt_in(ns, mode);
    const auto labelled = patch(ns, R"({"spec":{"template":{"metadata":{"labels":{"team":"a"}}}}})");
    EXPECT_EQ(labelled.exit_code, 0) << mode << ": " << labelled;
    expect_starts(ns, by_tag_);
    expect_pinned_pods(ns);
    expect_is_taken_back(ns);
    expect_starts(ns, by_tag_);
  }
}

TEST_F(FixedTemplates, AJobThatWasQueuedPinnedStartsAndIsTakenBack) {
  start_pinhook();
  for (const char* mode : {"enforce", "best-effort"}) {
    const auto ns = make_namespace(mode);
    kubectl_ok({"create", "-n", ns, "-f", "-"}, queued(by_tag_));
    push(repository_, "1", std::string("moved under ") + mode);
    expect_starts(ns, read(ns, "job/web", in_template));
    expect_is_taken_back(ns);
    expect_starts(ns, read(ns, "job/web", in_template));
    EXPECT_THAT(read(ns, "job/web", in_template), HasSubstr("@sha256:"));
  }
}

TEST_F(FixedTemplates, AJobThatWasMadeInAnOutageStarts) {
  const auto ns = make_namespace("best-effort");
  set_registry_down(true);
  auto& during = start_pinhook();
  kubectl_ok({"create", "-n", ns, "-f", "-"}, queued(by_tag_));
  ASSERT_EQ(read(ns, "job/web", in_template), by_tag_);
  set_registry_down(false);
  // Another process, so that it knows nothing of the outage.
  stop_pinhook(during);
  start_pinhook();
  expect_starts(ns, by_tag_);
  expect_pinned_pods(ns);
}

struct refreshing {
  const char* name;
  std::map<std::string, std::string> settings;
  const char* metadata = "";
};

const std::vector<refreshing>& refreshing_ways() {
  static const std::vector<refreshing> all{
      {"annotation", {}, R"(,"annotations":{"pinhook.dev/updates":"refresh"})"},
      {"setting", {{"PIN_UPDATES", "refresh"}}},
      {"rule", {{"RULES", R"([{name: moving, images: ["**"], pin: refresh}])"}}},
  };
  return all;
}

TEST_F(FixedTemplates, ARefreshMovesNeitherAJobNorAPodThatIsThere) {
  for (const auto& way : refreshing_ways()) {
    auto settings = way.settings;
    settings["CACHE_TTL"] = "0s";
    auto& pinhook = start_pinhook({.settings = settings});
    const auto ns = make_namespace("enforce");
    const auto now = push(repository_, "1", std::string("first of ") + way.name);
    const auto pinned = image(repository_ + "@" + now);
    const auto manifests = job(by_tag_, {}, way.metadata) + "\n" + pod(by_tag_, way.metadata);
    ASSERT_EQ(apply(ns, manifests, false).exit_code, 0) << way.name;
    push(repository_, "1", std::string("moved of ") + way.name);
    for (const bool is_server_side : {false, true, false}) {
      const auto again = apply(ns, manifests, is_server_side);
      EXPECT_EQ(again.exit_code, 0) << way.name << ": " << again;
      EXPECT_THAT(again.errors, HasSubstr("updates: refresh moves nothing: the pod template of a Job is immutable"));
      EXPECT_THAT(again.errors, HasSubstr("updates: refresh moves nothing: it would restart containers"));
      EXPECT_EQ(read(ns, "job/web", in_template), pinned) << way.name;
      EXPECT_EQ(read(ns, "pod/web", in_pod), pinned) << way.name << ": the container restarts";
    }
    stop_pinhook(pinhook);
  }
}

TEST_F(FixedTemplates, TheRefreshAnnotationIsNoReasonToRefuseAJob) {
  start_pinhook();
  const auto ns = make_namespace("enforce");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, job(by_tag_));
  push(repository_, "1", "moved");
  const auto r = kubectl({"annotate", "job/web", "-n", ns, "pinhook.dev/refresh=1"});
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_THAT(r.errors, HasSubstr("pinhook.dev/refresh moves nothing: the pod template of a Job is immutable"));
  EXPECT_EQ(read(ns, "job/web", in_template), pinned_);
}

TEST_F(FixedTemplates, AnotherFormatChangesNeitherAJobNorAPodThatIsThere) {
  const auto ns = make_namespace("enforce");
  const auto manifests = job(by_tag_) + "\n" + pod(by_tag_);
  auto& before = start_pinhook();
  ASSERT_EQ(apply(ns, manifests, false).exit_code, 0);
  stop_pinhook(before);
  start_pinhook({.settings = {{"PIN_FORMAT", "tag-and-digest"}}});
  for (const bool is_server_side : {false, true, false}) {
    const auto again = apply(ns, manifests, is_server_side);
    EXPECT_EQ(again.exit_code, 0) << again;
    EXPECT_EQ(read(ns, "job/web", in_template), pinned_);
    EXPECT_EQ(read(ns, "pod/web", in_pod), pinned_);
  }
}

}  // namespace
}  // namespace pinhook::e2e
