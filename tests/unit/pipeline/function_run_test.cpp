#include <pinhook/pipeline/function_run.hpp>

#include "support/fake_digests.hpp"
#include "support/longest_names.hpp"
#include "support/made_rules.hpp"
#include "support/shown_outcome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::fake_digests;
using pinhook::testing::shown;
using pinhook::testing::shown_outcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string a = digest_of_digit('a').to_string();
const std::string b = digest_of_digit('b').to_string();

std::string list(const std::string& image, const std::string& config = "", const std::string& behind = "") {
  return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1  # core\n  kind: Pod\n"
         "  metadata:\n    name: p\n    annotations:\n      internal.config.kubernetes.io/path: 'pod.yaml'\n"
         "      internal.config.kubernetes.io/index: '0'\n  spec:\n    containers:\n    - name: web\n      image: " +
         image + behind + "\n" + config;
}

const std::string config_head = "functionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  data:\n";

class FunctionRun : public ::testing::Test {
 protected:
  FunctionRun() { digests.holds("docker.io/library/nginx:1.25", digest_of_digit('a')); }

  shown_outcome run(const std::string& text) {
    function_run r(text, {.orders = orders}, places);
    config = r.config();
    if (config.lock_file == "broken.lock") return shown(r.stop({error_code::malformed, "broken.lock is broken", {}}));
    return shown(r.finish(digests.answers(r.wanted())));
  }

  files::image_places places;
  slot_rules orders;
  fake_digests digests;
  function_config config;
};

TEST_F(FunctionRun, PinsItemsAndReportsIt) {
  const auto done = run(list("nginx:1.25"));
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.messages, "");
  EXPECT_EQ(done.out, list("nginx@" + a + " # nginx:1.25") +
                          R"(results:
- {"message": "container web: nginx:1.25 is pinned", "severity": "info", "resourceRef": {"apiVersion": "v1", "kind": "Pod", "name": "p"}, "field": {"path": "spec.containers[0].image", "currentValue": "nginx:1.25", "proposedValue": "nginx@)" +
                          a + R"("}, "file": {"path": "pod.yaml", "index": 0}}
)");
}

TEST_F(FunctionRun, LeavesAPinnedListAsItIs) {
  const auto text = list("nginx@" + a);
  EXPECT_EQ(run(text).out, text);
  EXPECT_EQ(digests.calls(), 0U);
}

TEST_F(FunctionRun, ObeysItsConfig) {
  auto done =
      run(list("nginx:1.25", config_head + "    format: tag-and-digest\n    lock: my.lock\n    offline: \"true\"\n"));
  EXPECT_THAT(done.out, HasSubstr("image: nginx:1.25@" + a + "\n"));
  EXPECT_EQ(config.lock_file, "my.lock");
  EXPECT_TRUE(config.offline);
  done = run(list("nginx:1.25@" + b, config_head + "    update: \"true\"\n    format: tag-and-digest\n"));
  EXPECT_THAT(done.out, HasSubstr("image: nginx:1.25@" + a + "\n"));
}

TEST_F(FunctionRun, AFailureStopsEverything) {
  const auto text = list("nginx:1.25", "", "\n    - name: other\n      image: redis:7");
  const auto done = run(text);
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_EQ(done.messages, "Pod p: container other: redis:7 is not in the table of the test\n");
  EXPECT_TRUE(done.out.starts_with(text));
  EXPECT_THAT(
      done.out,
      AllOf(HasSubstr(R"("message": "container other: redis:7 is not in the table of the test", "severity": "error")"),
            Not(HasSubstr("is pinned"))));
}

TEST_F(FunctionRun, KeepsGoingOnRequest) {
  const auto done =
      run(list("nginx:1.25", config_head + "    keep-going: \"true\"\n", "\n    - name: other\n      image: redis:7"));
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_THAT(done.out, AllOf(HasSubstr("image: nginx@" + a + " # nginx:1.25\n"), HasSubstr("image: redis:7\n"),
                              HasSubstr("\"error\""), HasSubstr("is pinned")));
}

TEST_F(FunctionRun, WarnsOfInvalidReferences) {
  const auto done = run(list("UPPER:1"));
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_THAT(done.out, HasSubstr(R"("severity": "warning")"));
  EXPECT_THAT(done.messages, HasSubstr("Pod p: container web: \"UPPER:1\" is left as it is"));
}

// "No results" means that all was read.
TEST_F(FunctionRun, TellsOfValuesThatAreNotRead) {
  const std::string other = R"(apiVersion: config.kubernetes.io/v1
kind: ResourceList
functionConfig: {apiVersion: v1, kind: ConfigMap, data: {}, image: "acme/function:1"}
items:
- apiVersion: example.com/v1
  kind: Engine
  metadata: {name: e}
  tools: {image: "acme/tool:1"}
)";
  const auto done = run(other);
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_THAT(done.out, HasSubstr(R"("message": "\"acme/tool:1\" looks like an image, in a place that is not read", )"
                                  R"("severity": "info", "resourceRef": {"apiVersion": "example.com/v1", )"
                                  R"("kind": "Engine", "name": "e"}, "field": {"path": "tools.image", )"
                                  R"("currentValue": "acme/tool:1"})"));
  EXPECT_THAT(done.out, Not(HasSubstr("\\\"acme/function:1")));
  EXPECT_EQ(done.messages, "");
}

TEST_F(FunctionRun, AWrongConfigIsAnErrorResult) {
  const auto text = list("nginx:1.25", config_head + "    formt: digest\n");
  const auto done = run(text);
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_TRUE(done.out.starts_with(text));
  EXPECT_THAT(done.out, AllOf(HasSubstr("results:\n- {\"message\": \"functionConfig: "), HasSubstr("\"error\"")));
  EXPECT_THAT(done.messages, HasSubstr("functionConfig: \"formt\" is unknown"));
  EXPECT_EQ(digests.calls(), 0U);
}

TEST_F(FunctionRun, ABrokenLockIsAnErrorResult) {
  const auto done = run(list("nginx:1.25", config_head + "    lock: broken.lock\n"));
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_THAT(done.out, HasSubstr("broken.lock is broken"));
}

TEST_F(FunctionRun, AnotherInputThanAListGivesNoOutput) {
  const auto done = run("kind: Pod\n");
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.messages, HasSubstr("not a ResourceList"));
}

// The values of two releases, two images in the first, at paths that the operator names.
std::string releases(const std::string& first, const std::string& config = "") {
  const std::string image = "          repository: nginx\n          tag: \"1.25\"\n";
  return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: example.com/v1\n"
         "  kind: Release\n  metadata: {name: one, namespace: shop}\n  spec:\n    values:\n      images:\n"
         "        - " +
         first + "\n        -\n" + image +
         "- apiVersion: example.com/v1\n  kind: Release\n  metadata: {name: two}\n  spec:\n    values:\n      images:\n"
         "        -\n" +
         image + config;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

// As pin does, the function warns once for each object that a digest in a chart's tag may break it.
TEST_F(FunctionRun, WarnsOfChartsThatADigestMayBreak) {
  places.paths.push_back({"*", {"items[*].spec.values.images[*]"}});
  const auto done = run(releases("{repository: nginx, tag: '1.25'}"));
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(count(done.out, "tag: \"1.25@" + a + "\"") + count(done.out, "tag: '1.25@" + a + "'"), 3U) << done.out;
  EXPECT_EQ(count(done.out, R"(", "severity": "warning", )"), 2U) << done.out;
  EXPECT_THAT(done.out,
              AllOf(HasSubstr(R"({"message": "items[0].spec.values.images[0]: digests go into the tag, and there )"
                              R"(are no templates beside)"),
                    HasSubstr(R"("severity": "warning", "resourceRef": {"apiVersion": "example.com/v1", )"
                              R"("kind": "Release", "name": "one", "namespace": "shop"}, )"
                              R"("field": {"path": "spec.values.images[0]"}})"),
                    HasSubstr(R"("resourceRef": {"apiVersion": "example.com/v1", "kind": "Release", )"
                              R"("name": "two"}, "field": {"path": "spec.values.images[0]"}})")));
  EXPECT_EQ(count(done.messages, "digests go into the tag"), 2U);
}

TEST_F(FunctionRun, WarnsOfNoChartThatTakesTheDigestOrIsNotChanged) {
  places.paths.push_back({"*", {"items[*].spec.values.images[*]"}});
  EXPECT_THAT(run(releases("{repository: nginx, tag: '1.24'}")).out, Not(HasSubstr("warning"))) << "nothing is written";
  const std::string text =
      "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: example.com/v1\n  kind: Release\n"
      "  metadata: {name: one}\n  spec:\n    values:\n      images:\n"
      "        - {repository: nginx, tag: '1.25', digest: ''}\n";
  const auto done = run(text);
  EXPECT_THAT(done.out, AllOf(HasSubstr(a), Not(HasSubstr("warning"))));
}

TEST_F(FunctionRun, WarnsOfAnotherFormatThanRequested) {
  auto done = run(list("nginx:1.25", config_head + "    format: digest\n", " # {\"$imagepolicy\": \"a:b\"}"));
  EXPECT_THAT(done.out, AllOf(HasSubstr("image: nginx"), HasSubstr(a)));
  done = run(list("nginx:1.25", "", " # {\"$imagepolicy\": \"a:b\"}"));
  EXPECT_THAT(done.out, HasSubstr("image: nginx:1.25@" + a + " # {\"$imagepolicy\": \"a:b\"}\n"));
  EXPECT_THAT(done.out,
              HasSubstr(R"({"message": "1 image is written with tag and digest: Flux reads the comment there)"));
  EXPECT_THAT(done.out, HasSubstr(R"("severity": "warning"})"));
  EXPECT_THAT(done.messages, HasSubstr("1 image is written with tag and digest"));
}

TEST_F(FunctionRun, WarnsOfTagsThatAreLost) {
  const std::string text =
      R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [{"apiVersion": "v1", "kind": "Pod", )"
      R"("metadata": {"name": "p"}, "spec": {"containers": [{"name": "web", "image": "nginx:1.25"}]}}], )"
      R"("functionConfig": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"format": "digest"}}})";
  const auto done = run(text);
  EXPECT_THAT(done.out, AllOf(HasSubstr("\"nginx@" + a), HasSubstr("the tag of 1 image is not shown")));
  EXPECT_THAT(done.messages, HasSubstr("the tag of 1 image is not shown: JSON has no comments; the format "
                                       "tag-and-digest keeps it\n"));
}

TEST_F(FunctionRun, ImagesWithNeverAreLeftAndReported) {
  orders.set = pinhook::testing::made_rules({pinhook::testing::never_rule("left")});
  const auto done = run(list("nginx:1.25"));
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.messages, "");
  EXPECT_EQ(digests.calls(), 0U);
  EXPECT_THAT(done.out, AllOf(HasSubstr(list("nginx:1.25")), HasSubstr("rule left says pin: never"),
                              HasSubstr(R"("severity": "info")")));
}

TEST_F(FunctionRun, TheFormatOfItsConfigBeatsThatOfARule) {
  orders.set = pinhook::testing::made_rules({pinhook::testing::format_rule("readable", {})});
  EXPECT_THAT(run(list("nginx:1.25")).out, HasSubstr("image: nginx:1.25@" + a + "\n"));
  EXPECT_THAT(run(list("nginx:1.25", config_head + "    format: digest\n")).out,
              HasSubstr("image: nginx@" + a + " # nginx:1.25\n"));
}

// Results have the whole reason and advice, however long the names are.
TEST_F(FunctionRun, LeavesReasonsWholeWithTheLongestNames) {
  for (const auto& n : pinhook::testing::all_names()) {
    const std::string name = n.host + "/" + n.repository;
    const auto item = [&](const std::string& image) {
      std::string text = list(image);
      return text.replace(text.find("name: web"), 9, "name: " + n.container);
    };
    // For an image without a digest, an invalid reference, and a pinned image.
    auto done = run(item(name + ":" + n.tag));
    EXPECT_EQ(done.status, run_status::unresolved);
    EXPECT_THAT(done.out, AllOf(HasSubstr(n.container), HasSubstr("is not in the table of the test\"")));
    done = run(item(name + ":" + n.tag + ":x"));
    EXPECT_THAT(done.out, AllOf(HasSubstr("container " + n.container + ": "), HasSubstr(" is left as it is: "),
                                HasSubstr("\"severity\": \"warning\"")));
    EXPECT_THAT(done.messages, AllOf(HasSubstr("Pod p: container " + n.container), HasSubstr(" in a tag")));
    digests.holds(registry::reference::parse(n.image())->canonical(), digest_of_digit('a'));
    done = run(item(n.image()));
    EXPECT_THAT(done.out, HasSubstr(n.image() + " is pinned\""));
  }
}

}  // namespace
}  // namespace pinhook::pipeline
