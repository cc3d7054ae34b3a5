#include <pinhook/kube/object_list.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::respond;
using ::testing::SizeIs;

http::response page(const std::vector<std::string>& items, const std::string& next = "") {
  return respond(
      200, {},
      fmt::format(R"({{"kind":"PodList","metadata":{{"continue":"{}"}},"items":[{}]}})", next, fmt::join(items, ",")));
}

const std::string pods = "GET https://k8s.example/api/v1/pods?limit=500";

struct ObjectList : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};
  std::vector<std::string> taken;
  int restarts = 0;

  result<void> list(const listed_resource& which = {.resource = "pods"}, const list_options& options = {}) {
    cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer fixed");
    api_connection to(http, where, processes, io.get_executor(), time, {}, testing::passing_waits(time));
    object_sink sink{[this](std::string_view text) -> result<void> {
                       taken.emplace_back(text);
                       return {};
                     },
                     [this] {
                       taken.clear();
                       ++restarts;
                     }};
    return testing::run_on(
        io, list_objects(to, which, sink, options, deadline::after(time.now(), std::chrono::minutes(1))));
  }
};

TEST_F(ObjectList, ReadsPageAfterPage) {
  http.reply(pods, page({"{}", R"({"a":1})"}, "the/next"));
  http.reply(pods + "&continue=the%2Fnext", page({"[2]"}));
  const auto done = list();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(taken, ElementsAre("{}", R"({"a":1})", "[2]"));
  EXPECT_THAT(http.requests(), SizeIs(2));
}

TEST_F(ObjectList, EndsWhereThePagesDoNot) {
  http.reply(pods, page({"1"}, "again"));
  http.reply(pods + "&continue=again", page({"2"}, "again"));
  const auto done = list();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, error_code::malformed);
  EXPECT_THAT(done.error().message, HasSubstr("list pods in all namespaces: the list never ends"));
  EXPECT_THAT(http.requests(), SizeIs(2));
}

TEST(ListPage, TellsTheListsVersion) {
  const auto none = [](std::string_view) -> result<void> { return {}; };
  const auto page = read_page(R"({"metadata":{"resourceVersion":"7","continue":"n"},"items":[]})", none);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->version, "7");
  EXPECT_EQ(page->next, "n");
  EXPECT_EQ(read_page(R"({"metadata":{"resourceVersion":7},"items":null})", none)->version, "");
}

TEST_F(ObjectList, AsksWhereTheResourceIs) {
  http.reply("GET https://k8s.example/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts?limit=500", page({}));
  EXPECT_TRUE(list({.group = "argoproj.io", .version = "v1alpha1", .resource = "rollouts", .ns = "shop"}));
  EXPECT_FALSE(list({.resource = "pods", .ns = "no/namespace"}));
}

TEST_F(ObjectList, BeginsAgainWhenItsPlaceIsForgotten) {
  http.reply(pods, page({"1"}, "n"));
  http.reply(pods + "&continue=n", respond(410, {}, R"({"kind":"Status","message":"too old"})"));
  http.reply(pods + "&continue=n", page({"2"}));
  const auto done = list();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(taken, ElementsAre("1", "2"));
  EXPECT_EQ(restarts, 1);
}

TEST_F(ObjectList, GivesUpAfterSomeBeginnings) {
  http.reply(pods, page({"1"}, "n"));
  http.reply(pods + "&continue=n", respond(410, {}, R"({"kind":"Status","message":"too old"})"));
  const auto done = list({.resource = "pods"}, {.restarts = 2});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, AllOf(HasSubstr("list pods in all namespaces"), HasSubstr("HTTP 410")));
  EXPECT_EQ(restarts, 2);
}

TEST_F(ObjectList, AsksForLessWhereAPageIsTooLarge) {
  http.reply(pods, fail(error_code::malformed, "the answer is larger than 100 bytes"));
  http.reply("GET https://k8s.example/api/v1/pods?limit=125", page({"1"}, "n"));
  http.reply("GET https://k8s.example/api/v1/pods?limit=125&continue=n", page({"2"}));
  const auto done = list();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(taken, ElementsAre("1", "2"));
}

TEST_F(ObjectList, NamesTheListThatFails) {
  struct row {
    http::response answer;
    error_code code;
    std::string words;
  };
  const row rows[] = {
      {respond(403, {}, R"({"kind":"Status","message":"no"})"), error_code::denied,
       "lacks a Role or ClusterRole with verb \"list\" on resource \"pods\" in namespace shop;"},
      {respond(200, {}, "{}"), error_code::malformed, "no list"},
      {respond(200, {}, R"({"items":[{)"), error_code::malformed, "not valid JSON"},
      {respond(500, {}, "x"), error_code::unavailable, "HTTP 500"},
  };
  for (const row& one : rows) {
    http.forget("GET https://k8s.example/api/v1/namespaces/shop/pods?limit=500");
    http.reply("GET https://k8s.example/api/v1/namespaces/shop/pods?limit=500", one.answer);
    const auto done = list({.resource = "pods", .ns = "shop"});
    ASSERT_FALSE(done) << one.words;
    EXPECT_EQ(done.error().code, one.code) << one.words;
    EXPECT_THAT(done.error().message, AllOf(HasSubstr("list pods in namespace shop"), HasSubstr(one.words)));
  }
}

TEST_F(ObjectList, EndsInTheMiddleWhenTheServerGoesAway) {
  http.reply(pods, page({"1"}, "n"));
  http.reply(pods + "&continue=n", fail(error_code::unavailable, "connection refused"));
  const auto done = list();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, error_code::unavailable);
  EXPECT_THAT(done.error().message, HasSubstr("list pods in all namespaces: connection refused"));
}

TEST(ObjectPage, TakesAnEmptyListInEachSpelling) {
  for (const std::string body :
       {R"({"items":null})", R"({"items":[],"metadata":{}})", R"({"metadata":null,"items":[]})"}) {
    const auto done = read_page(body, [](std::string_view) -> result<void> { return {}; });
    ASSERT_TRUE(done) << body;
    EXPECT_THAT(done->next, IsEmpty());
  }
}

TEST(Discovery, ReadsGroupsAndResources) {
  const auto groups = read_groups(
      R"({"kind":"APIGroupList","groups":[{"name":"apps","preferredVersion":{"version":"v1"}},{"name":"x"},1]})");
  ASSERT_TRUE(groups);
  EXPECT_THAT(*groups, ElementsAre(std::pair<const std::string, std::string>("apps", "v1")));
  const auto resources = read_resources(
      R"({"resources":[{"name":"rollouts","kind":"Rollout","namespaced":true},{"name":"rollouts/status","kind":"Rollout"},{}]})");
  ASSERT_TRUE(resources);
  EXPECT_THAT(*resources, ElementsAre(api_resource{"rollouts", "Rollout", true}));
  EXPECT_FALSE(read_groups("{}"));
  EXPECT_FALSE(read_resources("[]"));
}

}  // namespace
}  // namespace pinhook::kube
