// `pinhook adopt` as a process, with the tests' API server and a scripted registry.
#include "support/fake_api_server.hpp"
#include "support/file_commands.hpp"
#include "support/fleet_objects.hpp"

#include <pinhook/registry/digest.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const object_lists::resource deployments{"/apis/apps/v1", "deployments", "Deployment"};
const object_lists::resource pods{"/api/v1", "pods", "Pod"};
const std::string web_path = "/apis/apps/v1/namespaces/shop/deployments/web";
const std::string apply = web_path + "?fieldManager=pinhook&force=false";

class AdoptProcess : public FileCommands {
 protected:
  AdoptProcess() {
    api_.allow_lists({"namespaces", "deployments", "replicasets", "statefulsets", "daemonsets", "cronjobs", "jobs",
                      "pods", "podtemplates", "replicationcontrollers"});
    api_.allow("get", "namespaces", "");
    api_.set_namespaces({{"shop", ""}, {"lab", ""}});
    kubeconfig_ = api_.write_kubeconfig(logs_.path());
    serve_manifest('a');
    runs({'a', 'a'});
    holds("");
    api_.fail(apply, 200, "{}");
    api_.fail(apply + "&dryRun=All", 200, "{}");
  }

  static std::string manifest(char seed) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":)"
        R"("application/vnd.oci.image.config.v1+json","digest":"{}","size":2}},"layers":[]}})",
        digest_text(seed));
  }
  /// Of a manifest's bytes, since registries are asked for these.
  static std::string digest(char seed) { return registry::digest::of(manifest(seed)).to_string(); }
  // The registry has this manifest, by its digest and for the tag "1".
  void serve_manifest(char seed) {
    for (const std::string& name : {digest(seed), std::string("1")})
      for (const char* method : {"HEAD", "GET"})
        registry_.on(method, "/v2/a/manifests/" + name,
                     {.status = 200,
                      .headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"},
                                  {"Docker-Content-Digest", digest(seed)}},
                      .body = manifest(seed)});
  }
  // A Pod for each digest.
  void runs(const std::vector<char>& digests) {
    std::vector<std::string> all;
    for (const char one : digests)
      all.push_back(pod_text(metadata_text("shop", fmt::format("web-{}", all.size()), {"apps/v1", "Deployment", "web"}),
                             {{"web", image("a:1"), image("a@") + digest(one)}}));
    api_.set_list(pods, "shop", std::move(all));
  }
  // The Deployment, as it is listed and read, with this record; empty: without.
  void holds(const std::string& record) {
    const std::string annotations =
        record.empty() ? "" : R"(,"annotations":{"pinhook.dev/pins":)" + escaped(record) + "}";
    const auto object =
        workload_text(metadata_text("shop", "web", {}, R"(,"uid":"u-1")" + annotations), {{"web", image("a:1")}});
    api_.set_list(deployments, "shop", {object});
    api_.fail(web_path, 200, object);
  }
  static std::string escaped(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
    return out + "\"";
  }
  [[nodiscard]] std::string record(char digit) const { return "{\"" + image("a:1") + "\":\"" + digest(digit) + "\"}"; }
  program_result adopt(const std::string& arguments) {
    return run("KUBECONFIG='" + kubeconfig_ + "' pinhook adopt " + arguments);
  }
  std::vector<api_request> writes() const {
    auto out = api_.requests();
    std::erase_if(out, [](const api_request& one) { return one.method == "GET"; });
    return out;
  }

  fake_api_server api_;
  std::string kubeconfig_;
};

TEST_F(AdoptProcess, RecordsWhatRuns) {
  const auto seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output,
              HasSubstr("shop       Deployment/web  web        " + image("a:1") + "  adopted " + digest('a')));
  EXPECT_EQ(seen.errors, "pinhook adopt: adopted 1 image\n");
  const auto done = writes();
  ASSERT_THAT(done, SizeIs(1));
  EXPECT_EQ(done[0].method, "PATCH");
  EXPECT_EQ(done[0].path, apply);
  EXPECT_EQ(done[0].body,
            R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u-1",)"
            R"("annotations":{"pinhook.dev/pins":)" +
                escaped(record('a')) + "}}}");
}

TEST_F(AdoptProcess, ASecondRunChangesNothing) {
  holds(record('a'));
  const auto seen = adopt("-A deployment/web");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.errors, "pinhook adopt: nothing to adopt; 1 is recorded already\n");
  EXPECT_THAT(writes(), IsEmpty());
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(AdoptProcess, ADryRunIsTheServers) {
  const auto seen = adopt("-n shop --dry-run=server -o json");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("\"result\": \"pending\""));
  EXPECT_EQ(seen.errors, "pinhook adopt: would adopt 1 image\n");
  ASSERT_THAT(writes(), SizeIs(1));
  EXPECT_EQ(writes()[0].path, apply + "&dryRun=All");
}

TEST_F(AdoptProcess, LeavesMixedReplicasAndGoneDigests) {
  runs({'a', 'b'});
  auto seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, AllOf(HasSubstr("left\n  its ready Pods run different digests: "), HasSubstr(digest('b'))));
  runs({'c', 'c'});
  seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("its registry has the bytes that run no more"), HasSubstr("push them again")));
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(AdoptProcess, NeverOverwritesAnotherManagersAnnotation) {
  holds(record('b'));
  api_.fail(apply, 409,
            R"({"kind":"Status","message":"Apply failed with 1 conflict: conflict with \"helm\" using apps/v1"})");
  const auto seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("belongs to another field manager"), HasSubstr("helm"), HasSubstr("--force-conflicts")));
  api_.forget_requests();
  api_.fail(web_path + "?fieldManager=pinhook&force=true", 200, "{}");
  EXPECT_EQ(adopt("-n shop --force-conflicts").exit_code, 0);
  EXPECT_THAT(writes(), SizeIs(1));
}

TEST_F(AdoptProcess, LeavesWhatItMayNotWrite) {
  api_.fail(apply, 403, R"({"kind":"Status","message":"deployments.apps \"web\" is forbidden"})");
  const auto seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, AllOf(HasSubstr("patch"), HasSubstr("deployments"), HasSubstr("left")));
}

// The version and the plural of a custom kind come from the API server.
TEST_F(AdoptProcess, RecordsOnCustomKinds) {
  const object_lists::resource rollouts{"/apis/argoproj.io/v1alpha1", "rollouts", "Rollout"};
  const std::string path = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/blue";
  const auto object = workload_text(metadata_text("shop", "blue", {}, R"(,"uid":"u-2")"), {{"web", image("a:1")}});
  api_.allow_lists({"rollouts"});
  api_.set_list(rollouts, "shop", {object});
  api_.set_list(pods, "shop",
                {pod_text(metadata_text("shop", "blue-1", {"argoproj.io/v1alpha1", "Rollout", "blue"}),
                          {{"web", image("a:1"), image("a@") + digest('a')}})});
  api_.fail(path, 200, object);
  api_.fail(path + "?fieldManager=pinhook&force=false", 200, "{}");
  const auto seen = adopt("-n shop rollout/blue");
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  ASSERT_THAT(writes(), SizeIs(1));
  EXPECT_THAT(writes()[0].body, HasSubstr(R"("apiVersion":"argoproj.io/v1alpha1","kind":"Rollout")"));
}

// The rollout's own steps are in access/restart_workloads_test.cpp.
TEST_F(AdoptProcess, RestartsWhatItRecorded) {
  const auto restarted = [&](const std::string& written, int ready) {
    return fmt::format(R"({{"metadata":{{"name":"web","namespace":"shop","uid":"u-1","generation":2}},"spec":{{)"
                       R"("replicas":2,"template":{{"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}},)"
                       R"("status":{{"observedGeneration":2,"replicas":2,"updatedReplicas":2,)"
                       R"("availableReplicas":{}}}}})",
                       written, ready);
  };
  const std::string write = web_path + "?fieldManager=kubectl-rollout";
  const auto serve_rollout = [&](const std::string& written, int ready) {
    for (const auto& path : {web_path, write, write + "&dryRun=All"}) api_.fail(path, 200, restarted(written, ready));
  };
  serve_rollout(image("a@" + digest('a')), 2);
  const auto done = adopt("-n shop --restart");
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  EXPECT_THAT(done.output, HasSubstr("adopted " + digest('a')));
  EXPECT_EQ(done.errors,
            "pinhook adopt: adopted 1 image\n"
            "pinhook adopt: shop Deployment/web: restarted, waiting for its Pods\n"
            "pinhook adopt: shop Deployment/web: restarted, its Pods are ready\n"
            "pinhook adopt: restarted 1 workload\n");
  EXPECT_THAT(writes(), SizeIs(3));

  serve_rollout(image("a@" + digest('a')), 1);
  const auto slow = adopt("-n shop --restart --timeout 1ms -o json -q");
  EXPECT_EQ(slow.exit_code, 1);
  EXPECT_THAT(slow.output, HasSubstr(R"("rollout": "failed")"));
  EXPECT_THAT(slow.errors, AllOf(HasSubstr("its Pods are not ready"), HasSubstr("describe deployment/web")));

  serve_rollout(image("a:1"), 2);
  const auto unpinned = adopt("-n shop --restart");
  EXPECT_EQ(unpinned.exit_code, 1);
  EXPECT_THAT(unpinned.errors, AllOf(HasSubstr("not restarted"), HasSubstr("pinhook.dev/pin=enforce"),
                                     HasSubstr("nothing restarted; 1 is left")));
}

TEST_F(AdoptProcess, AWorkloadThatWasDeletedMeanwhileIsLeft) {
  api_.fail(web_path, 404, R"({"kind":"Status","message":"deployments.apps \"web\" not found"})");
  const auto seen = adopt("-n shop");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, HasSubstr("not found"));
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(AdoptProcess, RefusesNamesThatAreNotThere) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::string, std::string>>{
           {"-n shop deployment/api", "\"deployment/api\" is in none of these namespaces"},
           {"-n shop web", "\"web\" is not KIND/NAME; write it like deployment/web"},
           {"-n shop --dry-run=client", "client not in {server}"},
           {"-n shop -A", "--all-namespaces and --namespace exclude each other"}}) {
    const auto seen = adopt(arguments);
    EXPECT_EQ(seen.exit_code, 2) << arguments;
    EXPECT_THAT(seen.errors, HasSubstr(part));
  }
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(AdoptProcess, NeedsACluster) {
  const auto seen = run("pinhook adopt -A");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("KUBECONFIG"));
}

}  // namespace
}  // namespace pinhook::testing
