// Two namespaces, one with the pull secret and one without: the second learns nothing, whatever the first has caused
// to be remembered. The handler, the resolver and the pull secrets are the real ones; the registry knows a credential.
#include "support/fake_clock.hpp"
#include "support/fake_kube_api.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/kube/pull_secrets.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/resolve/tag_resolver.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using testing::fake_kube_api;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string private_image = "r.io/acme/api:1";

// One private image; its readers are known by user and password. A refusal quotes text that no other tenant may read.
class private_registry final : public registry::client {
 public:
  void lets_in(const std::string& user) {
    const std::lock_guard lock(guard_);
    allowed_.insert(user + ":p");
  }
  void shuts_out(const std::string& user) {
    const std::lock_guard lock(guard_);
    allowed_.erase(user + ":p");
  }
  awaitable<result<registry::descriptor>> resolve_by(std::shared_ptr<const registry::route>, registry::reference ref,
                                                     registry::credential credential, deadline) override {
    ++asked;
    const std::lock_guard lock(guard_);
    if (ref.canonical() != private_image) co_return fail(error_code::not_found, "no such image");
    if (credential.kind == registry::credential_kind::anonymous)
      co_return fail(error_code::unauthorized, "log in first");
    if (!allowed_.contains(credential.username + ":" + credential.secret.reveal()))
      co_return fail(error_code::denied, "not for " + credential.username);
    co_return registry::descriptor{digest_of_digit('a'), "application/vnd.oci.image.index.v1+json"};
  }
  awaitable<result<registry::document>> read_by(std::shared_ptr<const registry::route>, registry::reference,
                                                registry::document_name, registry::credential, deadline) override {
    co_return fail(error_code::not_found, "no documents");
  }
  std::atomic<int> asked{0};

 private:
  std::mutex guard_;
  std::set<std::string> allowed_;
};

kube::secret_object secret_of(const std::string& user) {
  return fake_kube_api::docker_secret(
      fmt::format(R"({{"auths":{{"r.io":{{"username":"{}","password":"p"}}}}}})", user));
}

std::string pod_review(const std::string& ns) {
  return fmt::format(
             R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},)"
             R"("namespace":"{}","name":"web","operation":"CREATE","object":{{"metadata":{{"name":"web"}},"spec":{{)"
             R"("imagePullSecrets":[{{"name":"regcred"}}],"containers":[{{"name":"api","image":"{}"}}]}}}},"oldObject":null}}}})",
             ns, private_image) +
         std::string(32, ' ');
}

struct TenantsOfOneCluster : ::testing::Test {
  asio::io_context control{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(control);
  testing::fake_clock time;
  private_registry images;
  std::shared_ptr<fake_kube_api> api = std::make_shared<fake_kube_api>();
  std::shared_ptr<resolve::tag_resolver> tags =
      std::make_shared<resolve::tag_resolver>(control.get_executor(), images, time, nullptr);
  std::shared_ptr<kube::pull_secrets> tenants = std::make_shared<kube::pull_secrets>(
      api, control.get_executor(), time, [](const registry::tenant&) { return kube::pull_secrets::sources{}; });
  admission::handler handler{tags, tenants, std::make_shared<const admission::rulebook>()};
  std::thread runner{[this] { control.run(); }};

  TenantsOfOneCluster() {
    for (const char* ns : {"with", "without"})
      api->set_service_account(ns, "default", {.uid = "1", .image_pull_secrets = {}, .annotations = {}});
    api->set_secret("with", "regcred", secret_of("alice"));
    images.lets_in("alice");
  }
  ~TenantsOfOneCluster() override {
    testing::run([](resolve::tag_resolver& all) -> awaitable<int> {
      co_await all.stop();
      co_return 0;
    }(*tags));
    work.reset();
    runner.join();
  }
  admission::verdict ask(const std::string& ns) const {
    const std::string body = pod_review(ns);
    return testing::run(handler.handle(std::string_view(body).substr(0, body.size() - 32), pin::mode::enforce,
                                       deadline::after(time.now(), 10s)));
  }
  // Both sides read again and use nothing that was held.
  void let_everything_end() { time.advance(10min); }
};

bool is_pinned(const admission::verdict& v) { return v.outcome == admission::outcome::pinned; }

// Neither the digest, nor a word of the registry's answer to the other.
void expect_told_nothing(const admission::verdict& v) {
  EXPECT_EQ(v.outcome, admission::outcome::denied);
  EXPECT_THAT(v.body, Not(HasSubstr(digest_of_digit('a').to_string())));
  EXPECT_THAT(v.body, Not(HasSubstr("alice")));
  EXPECT_THAT(v.body, HasSubstr("log in first"));
}

TEST_F(TenantsOfOneCluster, OneWithoutTheSecretIsToldNothing) {
  EXPECT_TRUE(is_pinned(ask("with")));
  const int asked = images.asked;
  EXPECT_TRUE(is_pinned(ask("with")));
  EXPECT_EQ(images.asked, asked) << "the cache is warm";
  expect_told_nothing(ask("without"));
  EXPECT_TRUE(is_pinned(ask("with")));
  EXPECT_THAT(ask("without").body, HasSubstr("pull secret regcred of namespace without: "));
}

TEST_F(TenantsOfOneCluster, ASecretOfTheSameNameAndOtherContentIsAnothers) {
  api->set_secret("without", "regcred", secret_of("mallory"));
  EXPECT_TRUE(is_pinned(ask("with")));
  const auto v = ask("without");
  EXPECT_EQ(v.outcome, admission::outcome::denied);
  EXPECT_THAT(v.body, HasSubstr("not for mallory"));
}

TEST_F(TenantsOfOneCluster, NegativeAnswersDoNotCross) {
  expect_told_nothing(ask("without"));
  EXPECT_TRUE(is_pinned(ask("with"))) << "the refusal of one does not refuse the other";
  let_everything_end();
  images.shuts_out("alice");
  const auto refused = ask("with");
  EXPECT_EQ(refused.outcome, admission::outcome::denied);
  EXPECT_THAT(refused.body, HasSubstr("not for alice"));
  expect_told_nothing(ask("without"));
}

TEST_F(TenantsOfOneCluster, ASecretThatWasTakenAwayNoLongerOpensTheCache) {
  EXPECT_TRUE(is_pinned(ask("with")));
  api->remove_secret("with", "regcred");
  time.advance(30s);
  expect_told_nothing(ask("with"));
}

TEST_F(TenantsOfOneCluster, ACopyOfTheSecretSharesTheAnswer) {
  EXPECT_TRUE(is_pinned(ask("with")));
  const int asked = images.asked;
  api->set_secret("without", "regcred", secret_of("alice"));
  EXPECT_TRUE(is_pinned(ask("without")));
  EXPECT_EQ(images.asked, asked);
}

TEST_F(TenantsOfOneCluster, APodSaysNothingAboutItsNamespace) {
  EXPECT_TRUE(is_pinned(ask("with")));
  std::string body = pod_review("without");
  body.replace(body.find(R"("metadata":{"name":"web"})"), 25, R"("metadata":{"name":"web","namespace":"with"})");
  expect_told_nothing(testing::run(handler.handle(std::string_view(body).substr(0, body.size() - 32),
                                                  pin::mode::enforce, deadline::after(time.now(), 10s))));
}

// Many at once on several threads, with time passing and the first one's secret coming, changing and going.
TEST_F(TenantsOfOneCluster, OneWithoutTheSecretIsToldNothingUnderLoad) {
  images.lets_in("alice the second");
  std::atomic<int> leaked{0};
  std::atomic<int> pinned{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 250; ++i) {
        const bool is_other = (i + t) % 2 == 0;
        const auto v = ask(is_other ? "without" : "with");
        if (is_other && v.outcome != admission::outcome::denied) ++leaked;
        if (is_other && (v.body.contains(digest_of_digit('a').to_string()) || v.body.contains("alice"))) ++leaked;
        if (!is_other && is_pinned(v)) ++pinned;
        if (t != 0) continue;
        if (i % 20 == 5) api->set_secret("with", "regcred", secret_of("alice the second"));
        if (i % 20 == 10) api->remove_secret("with", "regcred");
        if (i % 20 == 15) api->set_secret("with", "regcred", secret_of("alice"));
        time.advance(3s);
      }
    });
  for (auto& one : threads) one.join();
  EXPECT_EQ(leaked, 0);
  EXPECT_GT(pinned, 0);
}

}  // namespace
}  // namespace pinhook
