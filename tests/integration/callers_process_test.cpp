// `pinhook serve` as a real process that answers only callers with a client certificate (docs/callers.md).
#include "support/fake_api_server.hpp"
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CallersProcess : public ServeProcess {
 protected:
  CallersProcess() {
    ca_file_ = files_.write("callers.crt", callers_.certificate());
    environment_.push_back("PINHOOK_CALLERS_CLIENT_CA=" + ca_file_);
    environment_.emplace_back("PINHOOK_CALLERS_NAMES=[kube-apiserver]");
    environment_.emplace_back("PINHOOK_TLS_RELOAD_INTERVAL=100ms");
  }
  static https_client_options as(const std::string& name, const certificate_authority& by) {
    const auto pair = by.issue({.common_name = name, .names = {name}, .usage = "clientAuth"});
    return {.certificate = pair.certificate, .key = pair.key};
  }

  certificate_authority callers_{"callers"};
  std::string ca_file_;
};

TEST_F(CallersProcess, AnswersTheApiServerAndTellsAnotherPodNothing) {
  start();
  https_client server(port_, as("kube-apiserver", callers_));
  EXPECT_TRUE(answer(server.ask(review_request())).allowed);
  const auto asked = registry_.requests().size();

  const struct {
    const char* who;
    https_client_options options;
    const char* reason;
  } pods[]{{"no certificate", {}, "callers.client_ca"},
           {"another authority", as("kube-apiserver", authority_), "none of the authorities has signed it"},
           {"another name", as("kubelet", callers_), "\"kubelet\", which callers.names does not have"}};
  for (const auto& pod : pods) {
    https_client c(port_, pod.options);
    const auto r = c.ask(review_request());
    ASSERT_TRUE(r) << pod.who;
    EXPECT_EQ(r->status, 403U) << pod.who;
    EXPECT_THAT(r->body, AllOf(HasSubstr(pod.reason), HasSubstr("docs/callers.md"), Not(HasSubstr("sha256:"))))
        << pod.who;
  }
  EXPECT_EQ(registry_.requests().size(), asked);

  // The probes are as they were.
  EXPECT_EQ(admin("/readyz", 200), "ready\n");
  EXPECT_EQ(admin("/readyz?verbose", 200),
            "ready\ncallers: verified by client certificates of callers.client_ca, named kube-apiserver\n");
  EXPECT_THAT(admin("/metrics", 200),
              AllOf(HasSubstr("pinhook_callers_verified 1\n"), HasSubstr("pinhook_callers_total{caller=\"known\"} 1\n"),
                    HasSubstr("pinhook_callers_total{caller=\"other_name\"} 1\n")));
  EXPECT_EQ(end(), 0) << process_->errors();
  EXPECT_THAT(process_->errors(), HasSubstr("a caller was refused"));
}

TEST_F(CallersProcess, ChangedAuthoritiesCountOnOpenConnections) {
  start();
  const certificate_authority next{"next"};
  https_client old(port_, as("kube-apiserver", callers_));
  https_client fresh(port_, as("kube-apiserver", next));
  EXPECT_TRUE(answer(old.ask(review_request())).allowed);
  EXPECT_EQ(fresh.ask(review_request())->status, 403U);
  files_.write("callers.crt", next.certificate());
  process_->wait_for_error_line("changed authorities of callers are in use");
  EXPECT_TRUE(answer(fresh.ask(review_request())).allowed);
  EXPECT_EQ(old.ask(review_request())->status, 403U);
  files_.write("callers.crt", "no certificate");
  process_->wait_for_error_line("the old ones stay");
  EXPECT_TRUE(answer(fresh.ask(review_request())).allowed);
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(CallersProcess, AFileThatIsNoGoodStopsTheStart) {
  files_.write("callers.crt", "no certificate");
  program one(arguments(), environment_);
  EXPECT_NE(one.wait(), 0);
  EXPECT_THAT(one.errors(), HasSubstr("callers.client_ca: " + ca_file_ + ": holds no certificate in PEM"));
}

// Two Pods' worth of callers of an installation that cannot know its callers: what each learns about a private image of
// the namespace team-a, whose secret's name it knows.
class UnknownCallers : public ServeProcess {
 protected:
  UnknownCallers() {
    const auto answer_to = [](const recorded_request& r) -> reply {
      if (r.header("Authorization") != "Basic dTpw")
        return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}};
      return r.path() == "/v2/a/manifests/1" ? digest_reply() : reply{.status = 404};
    };
    // In place of the public image of other tests.
    registry_.handle("HEAD", "/v2/a/manifests/1", answer_to);
    registry_.otherwise(answer_to);
    api_.allow_all();
    for (const char* ns : {"team-a", "unlabelled"}) {
      api_.set_service_account(ns, "default");
      api_.set_pull_secret(ns, "regcred", R"({"auths":{")" + registry_.host() + R"(":{"auth":"dTpw"}}})");
    }
    api_.set_namespace("unlabelled", "");
    api_.set_namespace("missing", std::nullopt);
    environment_.push_back("PINHOOK_KUBECONFIG=" + api_.write_kubeconfig(files_.path()));
    environment_.emplace_back("PINHOOK_CLOUDS=[]");
  }
  // The message of the refusal; the digest where it learns that.
  std::string learns(https_client& c, const std::string& ns, const std::string& name) const {
    const std::string object = fmt::format(
        R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"{}"}},"spec":{{"imagePullSecrets":[{{"name":"regcred"}}],"containers":[{{"name":"c","image":"{}/{}"}}]}}}})",
        ns, registry_.host(), name);
    const auto r = c.ask(post(
        "/v1/pin/enforce?timeout=10s",
        fmt::format(
            R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"the-uid","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"{}","name":"p","operation":"CREATE","object":{},"oldObject":null}}}})",
            ns, object)));
    if (!r || r->status != 200) return "no answer";
    const auto read = demo::read_answer(r->body, "the-uid", object);
    if (!read) return read.error().message;
    return read->allowed ? "the digest" : read->message;
  }
  // Whether it is ready does not matter here.
  std::string state_of_callers() const {
    https_client c(admin_port_, {.tls = false});
    const auto r = c.ask(get("/readyz?verbose"));
    return r ? r->body : std::string();
  }
  fake_api_server api_;
};

TEST_F(UnknownCallers, OnlyNamespacesThatHaveOptedInHaveCredentials) {
  start();
  https_client server(port_);
  https_client other(port_);
  EXPECT_EQ(learns(server, "team-a", "a:1"), "the digest");
  EXPECT_EQ(learns(other, "team-a", "a:1"), "the digest") << "what remains: docs/callers.md says so";
  EXPECT_THAT(learns(other, "unlabelled", "a:1"), HasSubstr("which has no label pinhook.dev/pin"));
  EXPECT_THAT(learns(other, "missing", "a:1"), HasSubstr("which does not exist"));
  EXPECT_EQ(api_.requests(fake_api_server::secret_path("unlabelled", "regcred")), 0U);
  EXPECT_EQ(api_.requests(fake_api_server::secret_path("missing", "regcred")), 0U);
  EXPECT_THAT(state_of_callers(), AllOf(HasSubstr("callers: not verified"),
                                        HasSubstr("namespaces: credentials are used for those with the label")));
  EXPECT_THAT(admin("/metrics", 200), AllOf(HasSubstr("pinhook_callers_verified 0\n"),
                                            HasSubstr("pinhook_namespaces_read_total{result=\"not_found\"} 1\n"),
                                            HasSubstr("pinhook_namespaces_read_total{result=\"not_labelled\"} 1\n")));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(UnknownCallers, WithoutTheRightToReadNamespacesItWorksAsBeforeAndSaysSo) {
  api_.forbid("get", "namespaces", "*");
  start();
  https_client c(port_);
  EXPECT_EQ(learns(c, "unlabelled", "a:1"), "the digest");
  process_->wait_for_error_line("namespaces cannot be read");
  EXPECT_THAT(state_of_callers(), HasSubstr("namespaces: labels are not checked"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(UnknownCallers, GuessesAreFew) {
  environment_.emplace_back("PINHOOK_CALLERS_LOOKUPS=60");
  start();
  https_client c(port_);
  // The read of the secrets, and then six guesses, but for what a second adds.
  std::string last;
  int guesses = 0;
  for (; guesses < 60; ++guesses) {
    last = learns(c, "team-a", fmt::format("guess-{}:1", guesses));
    if (last.find("callers.lookups") != std::string::npos) break;
  }
  EXPECT_THAT(last, HasSubstr("callers.lookups"));
  EXPECT_LT(guesses, 20);
  EXPECT_THAT(admin("/metrics", 200), HasSubstr("pinhook_withheld_lookups_total 1\n"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

}  // namespace
}  // namespace pinhook::testing
