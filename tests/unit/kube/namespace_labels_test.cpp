#include <pinhook/kube/namespace_labels.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_kube_api.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::fake_kube_api;
using ::testing::HasSubstr;

struct NamespaceLabels : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  std::shared_ptr<fake_kube_api> api = std::make_shared<fake_kube_api>();
  std::vector<label_event> events;
  std::unique_ptr<namespace_labels> labels;

  NamespaceLabels() { open(label_check::where_allowed); }
  void open(label_check check) {
    labels = std::make_unique<namespace_labels>(
        api, io.get_executor(), time,
        namespace_labels_options{.check = check, .on_read = [this](label_event e) { events.push_back(e); }});
  }
  // "" where credentials are used.
  std::string refusal_of(const std::string& ns) {
    auto out = testing::run_on(io, labels->refusal_of(ns, deadline::never()));
    io.restart();
    io.poll();
    return out ? out->message : std::string();
  }
};

TEST_F(NamespaceLabels, OnlyThoseWithAModeHaveOptedIn) {
  for (const char* mode : {"enforce", "best-effort", "audit"}) {
    api->set_namespace(mode, mode);
    EXPECT_EQ(refusal_of(mode), "") << mode;
  }
  api->set_namespace("none", "");
  EXPECT_THAT(refusal_of("none"), HasSubstr("namespace none, which has no label pinhook.dev/pin"));
  for (const char* other : {"skip", "Enforce", "enforce2"}) {
    api->set_namespace("other", other);
    time.advance(1h);
    EXPECT_THAT(refusal_of("other"), HasSubstr("no label")) << other;
  }
  EXPECT_THAT(refusal_of("missing"), HasSubstr("which does not exist"));
  for (const char* bad : {"..", "a/b", "", "A", "a?b"}) EXPECT_THAT(refusal_of(bad), HasSubstr("no valid name")) << bad;
}

TEST_F(NamespaceLabels, OneReadServesForItsTime) {
  api->set_namespace("a", "enforce");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(refusal_of("a"), "");
  EXPECT_THAT(api->calls(), ElementsAre("get namespaces a"));
  api->set_namespace("a", "");
  time.advance(30s);
  EXPECT_NE(refusal_of("a"), "");
  EXPECT_THAT(events, ElementsAre(label_event::opted_in, label_event::not_labelled));
}

TEST_F(NamespaceLabels, ALabelThatWasJustSetCountsSoon) {
  EXPECT_NE(refusal_of("a"), "");
  api->set_namespace("a", "enforce");
  EXPECT_NE(refusal_of("a"), "") << "held";
  time.advance(5s);
  EXPECT_EQ(refusal_of("a"), "");
}

TEST_F(NamespaceLabels, WithoutTheRightItDependsOnTheSetting) {
  api->fail("get namespaces a", {error_code::denied, "RBAC", std::nullopt});
  EXPECT_EQ(refusal_of("a"), "");
  EXPECT_THAT(events, ElementsAre(label_event::not_allowed));
  open(label_check::always);
  EXPECT_THAT(refusal_of("a"), HasSubstr("may not read it (RBAC: get namespaces)"));
  open(label_check::never);
  EXPECT_FALSE(labels->is_checked());
  EXPECT_EQ(refusal_of("missing"), "");
}

TEST_F(NamespaceLabels, WhileTheApiFailsNoCredentialsAreUsed) {
  api->set_namespace("a", "enforce");
  api->fail("get namespaces a", {error_code::unavailable, "down", std::nullopt});
  EXPECT_EQ(refusal_of("a"), "down");
  api->heal();
  time.advance(5s);
  EXPECT_EQ(refusal_of("a"), "");
  EXPECT_THAT(events, ElementsAre(label_event::failed, label_event::opted_in));
}

}  // namespace
}  // namespace pinhook::kube
