// `pinhook fn` as a process: the input of an orchestrator, and the output for it.
#include "support/file_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FnProcess : public FileCommands {
 protected:
  // As kustomize emits it: annotations of where an object came from, comments kept.
  std::string list(const std::string& image_text, const std::string& config) const {
    return R"(apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: apps/v1
  kind: Deployment # the shop
  metadata:
    name: web
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'web.yaml'
      internal.config.kubernetes.io/annotations-migration-resource-id: '0'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'web.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  spec:
    template:
      spec:
        containers:
        - name: web
          image: )" +
           image_text + R"(
functionConfig:
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: pin
    annotations:
      config.kubernetes.io/function: |
        exec: {path: pinhook}
  data:
)" + config;
  }
};

TEST_F(FnProcess, PinsItems) {
  const std::string config = "    update: \"true\"\n";
  const auto seen = run("pinhook fn", list(image("a:1") + " # kept", config));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.errors, "");
  EXPECT_TRUE(seen.output.starts_with(list(image("a@") + digest('a') + " # " + image("a:1") + " # kept", config) +
                                      "results:\n- {\"message\": "))
      << seen.output;
  EXPECT_THAT(seen.output, AllOf(HasSubstr(R"("file": {"path": "web.yaml", "index": 0})"),
                                 HasSubstr(R"("path": "spec.template.spec.containers[0].image")")));
}

TEST_F(FnProcess, SaysWhatFailedTwice) {
  const auto input = list(image("none:1"), "    format: digest\n");
  const auto seen = run("pinhook fn", input);
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook fn: Deployment web: container web: "), HasSubstr(image("none:1"))));
  EXPECT_TRUE(seen.output.starts_with(input));
  EXPECT_THAT(seen.output, HasSubstr(R"("severity": "error")"));
}

TEST_F(FnProcess, TakesALock) {
  write("web.yaml", deployment_file(image("a:1")));
  EXPECT_EQ(run("pinhook lock web.yaml").exit_code, 0);
  registry_.forget_requests();
  const auto seen = run("pinhook fn", list(image("a:1"), "    lock: pinhook.lock\n    offline: \"true\"\n"));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr(image("a@") + digest('a')));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(FnProcess, RefusesWhatIsNoList) {
  const auto seen = run("pinhook fn", deployment_file(image("a:1")));
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.output, "");
  EXPECT_THAT(seen.errors, HasSubstr("not a ResourceList"));
}

}  // namespace
}  // namespace pinhook::testing
