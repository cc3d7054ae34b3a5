// An API server's treatment of a webhook's answers: the facts of docs/api-server.md, with a webhook that answers as in
// each case. pinhook itself is not called.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/scripted_server.hpp"

#include <fmt/core.h>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string base64(const std::string& text) {
  return run_command({.command = {"base64", "-w0"}, .input = text}).output;
}

class ApiServer : public Cluster {
 protected:
  ApiServer() : webhook_(leaf()) {
    webhook_.otherwise([this](const testing::recorded_request& r) {
      const auto review = json::parse(r.body);
      const auto uid = review ? text_at(*review, "/request/uid") : std::string();
      return testing::reply{
          .headers = {{"Content-Type", "application/json"}},
          .body = fmt::format(R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{)"
                              R"("uid":"{}","allowed":true{}}}}})",
                              uid, response_)};
    });
  }
  ~ApiServer() override { kubectl({"delete", "mutatingwebhookconfiguration", "answers", "--ignore-not-found"}); }

  static testing::key_pair leaf() {
    testing::leaf_options o;
    o.names = {"127.0.0.1"};
    return shared().authority.issue(o);
  }

  // For ConfigMaps of this namespace, under failurePolicy Ignore.
  void call_for(const std::string& ns) {
    kubectl_ok(
        {"apply", "-f", "-"},
        fmt::format(
            R"({{"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration",)"
            R"("metadata":{{"name":"answers"}},"webhooks":[{{"name":"answers.example.com","sideEffects":"None",)"
            R"("admissionReviewVersions":["v1"],"failurePolicy":"Ignore","timeoutSeconds":10,)"
            R"("clientConfig":{{"url":"https://127.0.0.1:{}/","caBundle":"{}"}},)"
            R"("namespaceSelector":{{"matchLabels":{{"kubernetes.io/metadata.name":"{}"}}}},)"
            R"("rules":[{{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}}]}}]}})",
            webhook_.port(), base64(shared().authority.certificate()), ns));
    EXPECT_TRUE(eventually([&] {
      kubectl({"create", "configmap", "called", "-n", ns, "--dry-run=server"});
      return !webhook_.requests().empty();
    })) << "the webhook is not called";
  }
  void answer_with_patch(const std::string& operations) {
    response_ = R"(,"patchType":"JSONPatch","patch":")" + base64(operations) + "\"";
  }
  static command_result create(const std::string& ns, const std::string& name) {
    return kubectl({"create", "configmap", name, "-n", ns, "--from-literal=a=b"});
  }

  testing::scripted_server webhook_;
  /// Members of the response beside uid and allowed. Changed between requests only.
  std::string response_;
};

TEST_F(ApiServer, AppliesPatchesItsOwnWayAndAPatchThatFailsIsAnErrorAlsoUnderIgnore) {
  struct one {
    const char* name;
    const char* patch;
    /// Of the API server's refusal; nullptr: accepted.
    const char* error;
    /// The value at /data/absent afterwards.
    const char* made;
  };
  constexpr one all[] = {
      {"replace-absent", R"([{"op":"replace","path":"/data/absent","value":"x"}])", nullptr, "x"},
      {"add", R"([{"op":"add","path":"/data/absent","value":"x"}])", nullptr, "x"},
      {"add-below-absent", R"([{"op":"add","path":"/metadata/annotations/a","value":"x"}])",
       "Internal error occurred: ", ""},
      {"remove-absent", R"([{"op":"remove","path":"/data/absent"}])", "Internal error occurred: ", ""},
      {"failing-test", R"([{"op":"test","path":"/data/a","value":"other"}])", "Internal error occurred: ", ""},
  };
  const auto ns = make_namespace("");
  call_for(ns);
  for (const auto& c : all) {
    answer_with_patch(c.patch);
    const auto r = create(ns, c.name);
    if (c.error == nullptr) {
      EXPECT_EQ(r.exit_code, 0) << c.name << ": " << r;
    } else {
      EXPECT_EQ(r.exit_code, 1) << c.name << ": " << r;
      EXPECT_THAT(r.errors, HasSubstr(c.error)) << c.name;
    }
    EXPECT_EQ(read(ns, std::string("configmap/") + c.name, "/data/absent"), c.made) << c.name;
  }
  // failurePolicy Ignore is for the lack of an answer.
  webhook_.otherwise([](const testing::recorded_request&) { return testing::reply{.status = 500}; });
  EXPECT_EQ(create(ns, "no-answer").exit_code, 0);
}

TEST_F(ApiServer, KeepsLongAuditAnnotationsAndDropsKeysWithASlash) {
  const auto ns = make_namespace("");
  call_for(ns);
  const std::string value(20'000, 'v');
  response_ = fmt::format(R"(,"auditAnnotations":{{"pins":"{}","with/slash":"lost"}})", value);
  EXPECT_EQ(create(ns, "annotated").exit_code, 0);
  std::string event;
  EXPECT_TRUE(eventually([&] {
    for (const auto& one : shared().plane.audit_events(ns))
      if (one.find("\"annotated\"") != std::string::npos) event = one;
    return !event.empty();
  }));
  EXPECT_THAT(event, AllOf(HasSubstr(R"("answers.example.com/pins":")" + value + "\""), Not(HasSubstr("lost"))));
}

TEST_F(ApiServer, PassesAWarningOnWhole) {
  const auto ns = make_namespace("");
  call_for(ns);
  const std::string text(300, 'w');
  response_ = R"(,"warnings":[")" + text + R"("])";
  const auto r = create(ns, "warned");
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_THAT(r.errors, HasSubstr("Warning: " + text + "\n"));
}

}  // namespace
}  // namespace pinhook::e2e
