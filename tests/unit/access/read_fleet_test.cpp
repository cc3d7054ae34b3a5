// The reading of a cluster over TLS from the tests' API server.
#include <pinhook/access/read_fleet.hpp>

#include "support/api_server_session.hpp"
#include "support/certificates.hpp"
#include "support/fake_api_server.hpp"
#include "support/fleet_objects.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using ::testing::AllOf;
using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::metadata_text;
using testing::object_lists;
using ::testing::SizeIs;

const object_lists::resource deployments{"/apis/apps/v1", "deployments", "Deployment"};
const object_lists::resource pods{"/api/v1", "pods", "Pod"};
const object_lists::resource rollouts{"/apis/argoproj.io/v1alpha1", "rollouts", "Rollout"};
const std::vector<std::string> all_lists{
    "namespaces", "deployments", "replicasets",  "statefulsets",          "daemonsets", "cronjobs", "jobs",
    "pods",       "rollouts",    "podtemplates", "replicationcontrollers"};

struct ReadFleet : ::testing::Test {
  testing::temporary_directory files;
  testing::fake_api_server server;

  ReadFleet() {
    server.allow_lists(all_lists);
    server.allow("get", "namespaces", "");
    server.set_namespaces({{"shop", "enforce"}, {"lab", ""}});
    server.set_list(deployments, "shop", {testing::workload_text(metadata_text("shop", "web"), {{"web", "nginx"}})});
    server.set_list(deployments, "lab", {testing::workload_text(metadata_text("lab", "try"), {{"try", "busybox"}})});
  }

  result<fleet_reading> read(fleet_question question = {}) {
    testing::api_server_session to(server, files.path());
    return to.run(read_fleet(to.connection(), to.executor(), std::move(question), to.limit()));
  }
};

std::vector<std::string> names_of(const fleet::state& all) {
  std::vector<std::string> out;
  for (const auto& one : all.workloads) out.push_back(one.id.ns + " " + one.id.to_string());
  return out;
}

TEST_F(ReadFleet, ReadsAllNamespaces) {
  const auto got = read();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(names_of(got->state), ElementsAre("lab Deployment/try", "shop Deployment/web"));
  EXPECT_EQ(got->state.namespaces.at("shop").mode(), pin::mode::enforce);
  EXPECT_THAT(got->troubles, IsEmpty());
  for (const auto& one : server.requests()) EXPECT_EQ(one.method, "GET");
}

TEST_F(ReadFleet, ReadsPodsInPages) {
  std::vector<std::string> many;
  for (int i = 0; i < 1203; ++i)
    many.push_back(testing::pod_text(metadata_text("shop", fmt::format("web-{}", i), {"apps/v1", "Deployment", "web"}),
                                     {{"web", "nginx", "nginx@" + digest_text(i < 1200 ? 'a' : 'b')}}));
  server.set_list(pods, "shop", many);
  server.expire_lists(1);
  const auto got = read();
  ASSERT_TRUE(got) << got.error().message;
  const auto& running = got->state.workloads.back().images.front().running;
  ASSERT_THAT(running, SizeIs(2));
  EXPECT_EQ(running[0].pods, 1200U);
  EXPECT_EQ(running[1].pods, 3U);
  EXPECT_EQ(server.requests("/api/v1/pods?limit=500"), 2U);
  EXPECT_EQ(server.requests("/api/v1/pods?limit=500&continue=1000"), 1U);
}

TEST_F(ReadFleet, TakesAPageWithALargeObject) {
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i)
    many.push_back(testing::pod_text(metadata_text("shop", fmt::format("web-{}", i), {},
                                                   R"(,"annotations":{"x":")" + std::string(1'500'000, 'x') + "\"}"),
                                     {{"web", "nginx", "nginx@" + digest_text('a')}}));
  server.set_list(pods, "shop", many);
  const auto got = read({.namespaces = {"shop"}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(names_of(got->state), SizeIs(41));
}

TEST_F(ReadFleet, NamesANamespaceWithoutRightsAndReadsTheRest) {
  testing::fake_api_server other;
  for (const auto& one : all_lists) {
    server.forbid("list", one, "*");
    server.allow("list", one, "shop");
  }
  server.forbid("get", "namespaces", "");
  server.allow("get", "namespaces", "", "shop");
  const auto got = read({.namespaces = {"shop", "lab"}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(names_of(got->state), ElementsAre("shop Deployment/web"));
  EXPECT_FALSE(got->state.namespaces.at("lab").was_read);
  const auto lines = trouble_lines(got->troubles);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines.front(), AllOf(HasSubstr("HTTP 403"), HasSubstr("lab"), HasSubstr("the same for"),
                                   HasSubstr("pods"), HasSubstr("deployments.apps")));
}

TEST_F(ReadFleet, ReadsKindsThatTheClusterHas) {
  server.set_list(rollouts, "shop", {testing::workload_text(metadata_text("shop", "roll"), {{"c", "nginx"}})});
  server.set_list({"/apis/example.com/v2", "shops", "Shop"}, "shop",
                  {R"({"metadata":{"name":"s","namespace":"shop"},"spec":{"image":"own"}})"});
  fleet_question question;
  question.namespaces = {"shop"};
  server.allow_lists({"shops"});
  question.kinds = {{"example.com", "Shop", {"spec.image"}}};
  const auto got = read(std::move(question));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(names_of(got->state), ElementsAre("shop Deployment/web", "shop Rollout/roll", "shop Shop/s"));
}

TEST_F(ReadFleet, FailsAsAWholeWhenTheServerFailsInTheMiddleOfAList) {
  std::vector<std::string> many(600, testing::pod_text(metadata_text("shop", "p"), {{"web", "nginx"}}));
  server.set_list(pods, "shop", many);
  server.fail("/api/v1/pods?limit=500&continue=500", 503);
  const auto got = read();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, HasSubstr("list pods in all namespaces"));
}

TEST_F(ReadFleet, NamesAnObjectThatCannotBeRead) {
  server.set_list(
      deployments, "shop",
      {R"({"metadata":{"name":"odd","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"image":"a","image":"b"}]}}}})",
       testing::workload_text(metadata_text("shop", "web"), {{"web", "nginx"}})});
  const auto got = read({.namespaces = {"shop"}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(names_of(got->state), ElementsAre("shop Deployment/web"));
  EXPECT_THAT(trouble_lines(got->troubles), ElementsAre(HasSubstr("Deployment/odd")));
}

TEST_F(ReadFleet, NamesAMissingNamespace) {
  const auto got = read({.namespaces = {"missing"}});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::invalid_input);
  EXPECT_THAT(got.error().message, HasSubstr("missing"));
}

}  // namespace
}  // namespace pinhook::access
