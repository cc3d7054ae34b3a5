// `pinhook serve` and `pinhook explain` as processes, with a Kubernetes API and a registry that requires credentials:
// each tenant's pull secrets are used for that tenant alone.
#include "support/fake_api_server.hpp"
#include "support/run.hpp"
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// "robot:correct-horse-battery"
const std::string right = "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5";
// "robot:wrong"
const std::string wrong = "cm9ib3Q6d3Jvbmc=";

class TenantProcess : public ServeProcess {
 protected:
  TenantProcess() {
    for (const char* method : {"HEAD", "GET"})
      registry_.handle(method, "/v2/a/manifests/1", [](const recorded_request& r) -> reply {
        if (r.header("Authorization") == "Basic " + right) return digest_reply();
        return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}};
      });
    api_.allow_all();
    api_.set_service_account("with", "default");
    api_.set_service_account("without", "default");
    api_.set_pull_secret("with", "regcred", config(right));
    environment_.push_back("PINHOOK_KUBECONFIG=" + api_.write_kubeconfig(files_.path()));
    environment_.emplace_back("PINHOOK_PULL_SECRETS_TTL=1s");
    environment_.emplace_back("PINHOOK_CACHE_NEGATIVE_TTL=0s");
    environment_.emplace_back("PINHOOK_CLOUDS=[]");
  }

  std::string config(const std::string& auth) const {
    return R"({"auths":{")" + registry_.host() + R"(":{"auth":")" + auth + R"("}}})";
  }

  // A Deployment of a namespace, with more fields in its pod spec beside the containers.
  std::string object(const std::string& ns, const std::string& more) const {
    return fmt::format(
        R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d","namespace":"{}"}},"spec":{{"template":{{"spec":{{{}"containers":[{{"name":"web","image":"{}/a:1"}}]}}}}}}}})",
        ns, more, registry_.host());
  }
  static std::string review(const std::string& ns, const std::string& object) {
    return fmt::format(
        R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"the-uid","kind":{{"group":"apps","version":"v1","kind":"Deployment"}},"resource":{{"group":"apps","version":"v1","resource":"deployments"}},"namespace":"{}","name":"d","operation":"CREATE","object":{},"oldObject":null}}}})",
        ns, object);
  }
  demo::review_answer admit(https_client& c, const std::string& ns, const std::string& more) const {
    const std::string body = object(ns, more);
    const auto r = c.ask(post("/v1/pin/enforce?timeout=10s", review(ns, body)));
    if (!r || r->status != 200) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    auto read = demo::read_answer(r->body, "the-uid", body);
    EXPECT_TRUE(read) << read.error().message;
    return read ? *read : demo::review_answer{};
  }

  program_result explain(std::vector<std::string> more) const {
    std::vector<std::string> words{"explain", registry_.host() + "/a:1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, environment_);
  }

  static constexpr const char* named = R"("imagePullSecrets":[{"name":"regcred"}],)";
  fake_api_server api_;
};

TEST_F(TenantProcess, ASecretOpensForItsOwnNamespaceAlone) {
  start();
  https_client c(port_);
  EXPECT_TRUE(admit(c, "with", named).allowed);
  // The cache is warm now; the same words in another namespace name another secret, which is not there.
  const auto refused = admit(c, "without", named);
  EXPECT_FALSE(refused.allowed);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("regcred"), Not(HasSubstr(some_digest))));
  EXPECT_FALSE(admit(c, "without", "").allowed);
  EXPECT_FALSE(admit(c, "with", "").allowed) << "the Pod does not name the secret, nor does its service account";
  EXPECT_EQ(end(), 0) << process_->errors();
  EXPECT_THAT(process_->errors(), Not(HasSubstr("correct-horse-battery")));
}

TEST_F(TenantProcess, TheServiceAccountsSecretsCount) {
  api_.set_service_account("with", "builder", {"regcred"});
  start();
  https_client c(port_);
  EXPECT_TRUE(admit(c, "with", R"("serviceAccountName":"builder",)").allowed);
  EXPECT_FALSE(admit(c, "with", R"("serviceAccountName":"default",)").allowed);
  EXPECT_EQ(end(), 0);
}

TEST_F(TenantProcess, EverySecretIsTriedInItsTurn) {
  api_.set_pull_secret("with", "old", config(wrong));
  start();
  https_client c(port_);
  EXPECT_TRUE(admit(c, "with", R"("imagePullSecrets":[{"name":"gone"},{"name":"old"},{"name":"regcred"}],)").allowed);
  EXPECT_EQ(end(), 0);
}

TEST_F(TenantProcess, WhatIsPinnedReadsNothing) {
  start();
  https_client c(port_);
  std::string pinned = object("with", named);
  pinned.replace(pinned.find("/a:1"), 4, "/a@" + some_digest);
  const auto r = c.ask(post("/v1/pin/enforce?timeout=10s", review("with", pinned)));
  ASSERT_TRUE(r);
  EXPECT_THAT(r->body, HasSubstr(R"("allowed":true)"));
  EXPECT_EQ(end(), 0);
  for (const auto& one : api_.requests()) EXPECT_EQ(one.path, fake_api_server::registration_path("pinhook"));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(TenantProcess, NothingCrossesUnderLoad) {
  start();
  std::atomic<int> opened = 0;
  std::atomic<int> leaked = 0;
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      https_client c(port_);
      for (int i = 0; i < 20; ++i) {  // as many lines as fit into the pipe, which is not read
        const bool has = (t + i) % 2 == 0;
        const auto got = admit(c, has ? "with" : "without", named);
        if (has && got.allowed) ++opened;
        if (!has && (got.allowed || got.message.find(some_digest) != std::string::npos)) ++leaked;
      }
    });
  for (auto& one : all) one.join();
  EXPECT_EQ(opened, 40);
  EXPECT_EQ(leaked, 0);
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(TenantProcess, WhatTheApiRefusesIsNamed) {
  api_.forbid("get", "secrets", "*");
  start();
  https_client c(port_);
  const auto refused = admit(c, "with", named);
  EXPECT_FALSE(refused.allowed);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("regcred"), HasSubstr("secrets")));
  EXPECT_EQ(end(), 0);
}

TEST_F(TenantProcess, AHangingApiDoesNotTakeTheDeadline) {
  api_.hang("");
  start();
  https_client c(port_);
  const auto refused = admit(c, "with", named);
  EXPECT_FALSE(refused.allowed);
  EXPECT_THAT(refused.message, HasSubstr("the label of namespace with is not known"));
  api_.release();
  EXPECT_EQ(end(), 0);
}

TEST_F(TenantProcess, ExplainSaysWhichSecretApplies) {
  const auto seen = explain({"--namespace", "with", "--pull-secret", "gone", "--pull-secret", "regcred"});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(
      seen.output,
      AllOf(HasSubstr("pull secret regcred (" + registry_.host() + ")"), HasSubstr("trouble     pull secret gone"),
            HasSubstr("asked at    http://" + registry_.host() + ", directly"), Not(HasSubstr("tried"))));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(TenantProcess, ExplainTriesWhatItSays) {
  const auto good = explain({"--namespace", "with", "--pull-secret", "regcred", "--try"});
  EXPECT_EQ(good.exit_code, 0) << good.output << good.errors;
  EXPECT_THAT(good.output, HasSubstr("tried       " + registry_.host() + ", pull secret regcred: " + some_digest));
  const auto bad = explain({"--namespace", "without", "--try"});
  EXPECT_EQ(bad.exit_code, 3) << bad.output << bad.errors;
  EXPECT_THAT(bad.output, AllOf(HasSubstr("none: it is asked anonymously"), HasSubstr("anonymous: ")));
  for (const auto& one : {good, bad})
    EXPECT_THAT(one.output + one.errors, AllOf(Not(HasSubstr("correct-horse-battery")), Not(HasSubstr(right))));
}

TEST_F(TenantProcess, ExplainSaysItAsJson) {
  const auto seen = explain({"-n", "with", "--pull-secret", "regcred", "--try", "-o", "json"});
  const auto parsed = json::parse(seen.output);
  ASSERT_TRUE(parsed) << seen.output << seen.errors;
  const auto* attempts = json::find(*parsed, "attempts");
  ASSERT_NE(attempts, nullptr);
  ASSERT_EQ(attempts->Size(), 1U);
  EXPECT_EQ(json::find_string((*attempts)[0], "digest"), some_digest);
  EXPECT_EQ(json::find_string((*attempts)[0], "credential"), "pull secret regcred");
}

TEST_F(TenantProcess, ExplainWithoutANamespaceNeedsNoCluster) {
  environment_.emplace_back("PINHOOK_KUBECONFIG=/nowhere/kubeconfig");
  const auto seen = explain({});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(TenantProcess, ExplainNeedsACluster) {
  std::erase_if(environment_, [](const std::string& one) { return one.starts_with("PINHOOK_KUBECONFIG="); });
  const auto seen = explain({"--namespace", "with"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("kubeconfig"));
  const auto half = explain({"--pull-secret", "regcred"});
  EXPECT_EQ(half.exit_code, 2);
  EXPECT_THAT(half.errors, HasSubstr("--namespace"));
}

}  // namespace
}  // namespace pinhook::testing
