#include <pinhook/console/viewer_gate.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::respond;

const std::string tokens = "POST https://k8s.example/apis/authentication.k8s.io/v1/tokenreviews";
const std::string accesses = "POST https://k8s.example/apis/authorization.k8s.io/v1/subjectaccessreviews";

const std::string jane =
    R"({"status":{"authenticated":true,"user":{"username":"jane","uid":"7","groups":["dev"],"extra":{"k":["v"]}}}})";

struct ViewerGate : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};
  std::shared_ptr<kube::api_connection> to;
  std::optional<viewer_gate> gate;
  /// What jane may do: "get /pinhook", "list pods", "list pods shop".
  std::set<std::string> allowed{"get /pinhook"};
  std::vector<std::string> asked;

  void SetUp() override {
    kube::cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer ours");
    wait_seams seams;
    seams.sleep = [](std::chrono::nanoseconds) -> awaitable<void> { co_return; };
    to = std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time, kube::login_options(),
                                                seams);
    gate.emplace(to, io.get_executor(), time, gate_options{.wants_token = true});
    http.answer(accesses, [this](const http::request& r) { return answer_to(r.body->reveal()); });
  }

  result<http::response> answer_to(const std::string& body) {
    const auto spec = body.substr(body.find("Attributes"));
    const auto part = [&](const std::string& name) {
      const auto at = spec.find("\"" + name + "\":\"");
      if (at == std::string::npos) return std::string();
      const auto begin = at + name.size() + 4;
      return spec.substr(begin, spec.find('"', begin) - begin);
    };
    std::string what = part("verb") + " " + part("path") + part("resource");
    if (!part("namespace").empty()) what += " " + part("namespace");
    asked.push_back(what);
    EXPECT_THAT(body, HasSubstr(R"("user":"jane","uid":"7","groups":["dev"],"extra":{"k":["v"]})"));
    return respond(201, {},
                   allowed.contains(what) ? R"({"status":{"allowed":true}})" : R"({"status":{"allowed":false}})");
  }

  std::expected<visible_namespaces, server::refusal> admit(const std::string& authorization,
                                                           const std::string& host = "console.example") {
    server::request r;
    r.host = host;
    r.authorization = secret(authorization);
    const auto work = [](viewer_gate& by, server::request one,
                         deadline d) -> awaitable<std::expected<visible_namespaces, server::refusal>> {
      std::vector<std::string> names{"lab", "shop"};
      auto out = co_await by.admit(one, std::move(names), d);
      co_return out;
    };
    return testing::run_on(io, work(*gate, std::move(r), deadline::after(time.now(), 20s)));
  }

  /// The status of a refusal; 200: it is allowed.
  unsigned right_to_get(const std::string& authorization, const std::string& ns) {
    server::request r;
    r.authorization = secret(authorization);
    const auto work = [](viewer_gate& by, server::request one, std::string in,
                         deadline d) -> awaitable<std::expected<void, server::refusal>> {
      kube::asked_access right{.verb = "get", .group = "apps", .resource = "deployments", .ns = std::move(in)};
      auto out = co_await by.allow(one, std::move(right), d);
      co_return out;
    };
    const auto got = testing::run_on(io, work(*gate, std::move(r), ns, deadline::after(time.now(), 20s)));
    if (!got) refusal = got.error().reason;
    return got ? 200U : got.error().status;
  }
  std::string refusal;
};

TEST_F(ViewerGate, AsksForOneMoreRight) {
  http.reply(tokens, respond(201, {}, jane));
  allowed.insert("get deployments shop");
  EXPECT_EQ(right_to_get("Bearer x", "shop"), 200U);
  EXPECT_EQ(right_to_get("Bearer x", "lab"), 403U);
  EXPECT_THAT(refusal, HasSubstr("user \"jane\" may not get deployments.apps in namespace lab"));
  // It is not kept: rights to single objects are asked for seldom.
  allowed.clear();
  EXPECT_EQ(right_to_get("Bearer x", "shop"), 403U);
  EXPECT_EQ(right_to_get("", "shop"), 401U);
  http.forget(tokens);
  http.reply(tokens, respond(500, {}, "{}"));
  EXPECT_EQ(right_to_get("Bearer x", "shop"), 503U);
  gate.emplace(nullptr, io.get_executor(), time, gate_options{});
  EXPECT_EQ(right_to_get("", "shop"), 200U) << "on loopback everybody sees everything";
}

TEST_F(ViewerGate, ShowsEverythingToWhoMayListEverywhere) {
  http.reply(tokens, respond(201, {}, jane));
  allowed.insert("list pods");
  const auto got = admit("Bearer x");
  ASSERT_TRUE(got) << got.error().reason;
  EXPECT_EQ(*got, visible_namespaces());
}

TEST_F(ViewerGate, ShowsTheNamespacesInWhichAViewerMayList) {
  http.reply(tokens, respond(201, {}, jane));
  allowed.insert("list pods shop");
  const auto got = admit("Bearer x");
  ASSERT_TRUE(got) << got.error().reason;
  EXPECT_EQ(*got, visible_namespaces({"shop"}));
  EXPECT_EQ(asked, (std::vector<std::string>{"get /pinhook", "list pods", "list pods lab", "list pods shop"}));
}

TEST_F(ViewerGate, KeepsAnAnswerForAMinute) {
  http.reply(tokens, respond(201, {}, jane));
  allowed.insert("list pods");
  ASSERT_TRUE(admit("Bearer x"));
  time.advance(59s);
  allowed.clear();
  ASSERT_TRUE(admit("Bearer x"));
  EXPECT_EQ(http.requests().size(), 3U);
  time.advance(2s);
  EXPECT_FALSE(admit("Bearer x"));
}

TEST_F(ViewerGate, RefusesWhoMayNotLook) {
  http.reply(tokens, respond(201, {}, jane));
  allowed.clear();
  const auto got = admit("Bearer x");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().status, 403U);
  EXPECT_THAT(got.error().reason, HasSubstr("\"jane\" lacks a ClusterRole with verb \"get\""));
}

TEST_F(ViewerGate, WantsAToken) {
  for (const auto* authorization : {"", "Basic eDp5", "Bearer ", "Bearer"}) {
    const auto got = admit(authorization);
    ASSERT_FALSE(got) << authorization;
    EXPECT_EQ(got.error().status, 401U) << authorization;
  }
  EXPECT_TRUE(http.requests().empty());
  http.reply(tokens, respond(201, {}, R"({"status":{"authenticated":false,"error":"expired"}})"));
  EXPECT_EQ(admit("Bearer x").error().status, 401U);
}

TEST_F(ViewerGate, TakesItsOwnLackOfRightsForNobodyElses) {
  for (const int status : {401, 403, 500}) {
    http.forget(tokens);
    http.reply(tokens, respond(status, {}, R"({"kind":"Status","message":"no"})"));
    const auto got = admit("Bearer " + std::to_string(status));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().status, 503U) << status;
  }
}

TEST_F(ViewerGate, ShowsEverythingOnLoopbackUnderItsName) {
  gate.emplace(nullptr, io.get_executor(), time, gate_options{});
  for (const auto* host : {"localhost", "LOCALHOST:8088", "127.0.0.1:1", "[::1]:8088"})
    EXPECT_TRUE(admit("", host)) << host;
  // A name of another that leads to this machine: DNS rebinding.
  for (const auto* host :
       {"evil.example", "evil.example:8088", "localhost.evil.example", "", "[::2]", "127.0.0.1.nip.io"}) {
    const auto got = admit("", host);
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().status, 421U);
  }
}

}  // namespace
}  // namespace pinhook::console
