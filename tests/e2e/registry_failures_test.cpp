// The treatment of objects while a registry cannot be asked: by mode, in the messages that kubectl shows.
#include "e2e/cluster.hpp"
#include "support/scripted_server.hpp"

#include <fmt/core.h>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RegistryOutage : public Cluster {
 protected:
  RegistryOutage() {
    failing_.otherwise([](const testing::recorded_request&) { return testing::reply{.status = 500}; });
    hanging_.otherwise(
        [](const testing::recorded_request&) { return testing::reply{.act = testing::behaviour::hang}; });
    for (const auto& one : outages_)
      registries_ += fmt::format("{}\"{}\": {{}}", registries_.empty() ? "" : ", ", one.host);
  }
  ~RegistryOutage() override { hanging_.release(); }

  // The limit only so that a registry that hangs does not take eight seconds.
  void start() { start_pinhook({.settings = {{"REGISTRIES", "{" + registries_ + "}"}, {"DEADLINE_LIMIT", "2s"}}}); }

  static command_result create(const std::string& ns, const std::string& name, const std::string& image) {
    return kubectl({"create", "deployment", name, "-n", ns, "--image", image});
  }

  struct outage {
    const char* name;
    std::string host;
    /// Of the denial.
    const char* reason;
    const char* advice;
  };

  testing::refusing_port down_;
  testing::scripted_server hanging_, failing_, empty_;
  const std::vector<outage> outages_{
      {"down", fmt::format("127.0.0.1:{}", down_.port()), "connect", "check the way to the registry"},
      {"hanging", hanging_.host(), "did not answer within", "Try again"},
      {"failing", failing_.host(), "500", "check the way to the registry"},
      {"without-it", empty_.host(), "404", "Check the name and the tag"},
  };
  std::string registries_;
};

TEST_F(RegistryOutage, EnforceDeniesAndSaysWhichContainerWhyAndWhatToDo) {
  start();
  const auto ns = make_namespace("enforce");
  for (const auto& one : outages_) {
    const auto r = create(ns, one.name, one.host + "/team/web:1");
    EXPECT_NE(r.exit_code, 0) << one.name;
    EXPECT_THAT(r.errors, AllOf(HasSubstr("admission webhook \"enforce.pinhook.dev\" denied the request"),
                                HasSubstr("container web, image"), HasSubstr(one.host + "/team/web:1"),
                                HasSubstr(one.reason), HasSubstr(one.advice)))
        << one.name;
    EXPECT_EQ(read(ns, std::string("deployment/") + one.name, "/metadata/name"), "") << one.name;
  }
}

TEST_F(RegistryOutage, BestEffortLetsItPassAndWarns) {
  start();
  const auto ns = make_namespace("best-effort");
  for (const auto& one : outages_) {
    const auto image = one.host + "/team/web:1";
    const auto r = create(ns, one.name, image);
    EXPECT_EQ(r.exit_code, 0) << one.name << ": " << r;
    EXPECT_THAT(r.errors, AllOf(HasSubstr("Warning: not pinned: "), HasSubstr("(container web, image "))) << one.name;
    EXPECT_EQ(read(ns, std::string("deployment/") + one.name, "/spec/template/spec/containers/0/image"), image);
  }
}

TEST_F(RegistryOutage, AuditLetsItPassUnchangedAndSaysWhatEnforceWouldDo) {
  start();
  const auto ns = make_namespace("audit");
  for (const auto& one : outages_) {
    const auto image = one.host + "/team/web:1";
    const auto r = create(ns, one.name, image);
    EXPECT_EQ(r.exit_code, 0) << one.name << ": " << r;
    EXPECT_THAT(r.errors, AllOf(HasSubstr("Warning: would not be pinned: "), HasSubstr("(container web, image ")))
        << one.name;
    const auto made = object(ns, std::string("deployment/") + one.name);
    EXPECT_EQ(text_at(made, "/spec/template/spec/containers/0/image"), image);
    EXPECT_EQ(text_at(made, "/metadata/annotations/pinhook.dev~1pins"), "");
  }
}

// A new process, so that no cache helps: pinned images need no registry.
TEST_F(RegistryOutage, WhatIsPinnedGoesOnWithoutARegistry) {
  auto& before = start_pinhook();
  const auto ns = make_namespace("enforce");
  const auto digest = push("outage/web", "1", "outage");
  const auto pinned = image("outage/web@" + digest);
  const auto manifest = [&](const std::string& value, const std::string& tag) {
    return fmt::format(
        R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"{}"}},"spec":{{"selector":)"
        R"({{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":)"
        R"([{{"name":"web","image":"{}","env":[{{"name":"A","value":"{}"}}]}}]}}}}}}}})",
        ns, image("outage/web:" + tag), value);
  };
  kubectl_ok({"apply", "-f", "-"}, manifest("first", "1"));
  ASSERT_EQ(read(ns, "deployment/web", "/spec/template/spec/containers/0/image"), pinned);
  stop_pinhook(before);

  set_registry_down(true);
  start_pinhook();
  EXPECT_THAT(kubectl_ok({"apply", "-f", "-"}, manifest("first", "1")), HasSubstr("deployment.apps/web"));
  kubectl_ok({"apply", "-f", "-"}, manifest("second", "1"));
  const auto changed = object(ns, "deployment/web");
  EXPECT_EQ(text_at(changed, "/spec/template/spec/containers/0/image"), pinned);
  EXPECT_EQ(text_at(changed, "/spec/template/spec/containers/0/env/0/value"), "second");
  kubectl_ok({"run", "pinned", "-n", ns, "--image", pinned});
  // Its ReplicaSets and Pods come, too.
  EXPECT_TRUE(eventually([&] { return read_all(ns, "pods", "/metadata/name").size() >= 2; }));
  EXPECT_THAT(read_all(ns, "pods", "/spec/containers/0/image"), ::testing::Each(pinned));

  const auto refused = kubectl({"apply", "-f", "-"}, manifest("second", "2"));
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.errors, HasSubstr("denied the request"));
  EXPECT_EQ(read(ns, "deployment/web", "/spec/template/spec/containers/0/image"), pinned);

  set_registry_down(false);
  push("outage/web", "2", "outage over");
  EXPECT_TRUE(eventually([&] { return kubectl({"apply", "-f", "-"}, manifest("second", "2")).exit_code == 0; }))
      << "the registry is back, and a new tag is still refused";
}

}  // namespace
}  // namespace pinhook::e2e
