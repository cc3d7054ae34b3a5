// The serving certificate that replicas keep themselves, against the real API server: no call fails because
// of it.
#include "e2e/cluster.hpp"
#include "e2e/load.hpp"
#include "e2e/serving_secret.hpp"

#include <pinhook/base/certificate.hpp>

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pinhook::e2e {
namespace {

using namespace std::chrono_literals;

// The time within which faults must heal.
constexpr auto healing_time = 60s;

// Some time ago.
class past_clock final : public clock {
 public:
  explicit past_clock(std::chrono::hours ago) : ago_(ago) {}
  [[nodiscard]] steady_time now() const override { return machine_clock().now(); }
  [[nodiscard]] wall_time wall() const override { return machine_clock().wall() - ago_; }

 private:
  std::chrono::hours ago_;
};

class SelfManagedCertificate : public Cluster {
 protected:
  void SetUp() override {
    shared().install(certificate_source::self_managed);
    plane_ = &shared().plane;
    forget();
  }

  void TearDown() override {
    if (HasFailure())
      for (const auto& one : running_) ADD_FAILURE() << "the log of a replica:\n" << one->log();
    stop();
    forget();
    shared().install(certificate_source::files);
  }

  // As before the first start.
  void forget() const {
    kubectl_ok({"delete", "secret", "pinhook-serving-certificate", "-n", "pinhook", "--ignore-not-found"});
    write_bundles(*plane_, "");
  }

  // Two at once; one API server learns of changes in less than the minute that those of a cluster are given.
  void start_two() {
    auto o = shared().settings();
    o["TLS_SETTLE"] = "2s";
    o["TLS_CHECK_INTERVAL"] = "500ms";
    o["SHUTDOWN_DELAY"] = "1s";
    const int before = shared().service.ready();
    for (int i = 0; i < 2; ++i) running_.push_back(std::make_unique<replica>(replica_options{o}));
    for (const auto& one : running_) {
      ASSERT_TRUE(one->wait_until_ready()) << one->log();
      shared().service.add(one->ports());
    }
    ASSERT_TRUE(eventually([&] { return shared().service.ready() == before + 2; }));
  }

  void stop() { end(std::exchange(running_, {})); }

  static void end(const std::vector<std::unique_ptr<replica>>& all) {
    for (const auto& one : all) {
      EXPECT_EQ(one->end(SIGTERM), 0) << one->log();
      shared().service.remove(one->ports().webhook);
    }
  }

  static load_options enforce_load(const std::string& ns) {
    push("rotation/web", "1", "rotation");
    return {.ns = ns, .image = image("rotation/web:1")};
  }

  // Both show the pair of the Secret, it is by the Secret's newest authority, and every entry trusts the Secret's.
  [[nodiscard]] bool is_in_order() const {
    const auto secret = read_serving_secret(*plane_);
    if (secret.empty()) return false;
    const auto leaf = x509_certificate::parse(secret.at("tls.crt"));
    const auto newest = x509_certificate::parse(secret.at("ca.crt"));
    if (!leaf || !newest || !leaf->is_issued_by(*newest) || !leaf->is_valid_at(machine_clock().wall())) return false;
    const auto bundles = read_bundles(*plane_);
    const auto is_trusted = [&](const std::string& one) { return one == secret.at("ca.crt"); };
    return std::ranges::all_of(bundles, is_trusted) && std::ranges::all_of(running_, [&](const auto& one) {
             return one->is_ready() && shown_certificate(one->ports().webhook) == *leaf;
           });
  }

  const control_plane* plane_ = nullptr;
  std::vector<std::unique_ptr<replica>> running_;
};

TEST_F(SelfManagedCertificate, TwoReplicasThatStartWithNothingAgreeOnOneAuthority) {
  start_two();
  EXPECT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  EXPECT_EQ(parse_bundle(read_serving_secret(*plane_).at("ca.crt")).certificates.size(), 1U);
  const auto ns = make_namespace("enforce");
  load running(*plane_, enforce_load(ns));
  ASSERT_TRUE(running.wait_for_more(30));
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
}

TEST_F(SelfManagedCertificate, ADeletedSecretIsANewAuthorityAndNoCallFails) {
  start_two();
  ASSERT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  const auto before = read_serving_secret(*plane_);
  load running(*plane_, enforce_load(make_namespace("enforce")));
  ASSERT_TRUE(running.wait_for_more(30));
  kubectl_ok({"delete", "secret", "pinhook-serving-certificate", "-n", "pinhook"});
  const auto is_new = [&] {
    const auto now = read_serving_secret(*plane_);
    return !now.empty() && now.at("ca.key") != before.at("ca.key") && now.at("tls.crt") != before.at("tls.crt") &&
           is_in_order();
  };
  EXPECT_TRUE(eventually(is_new, healing_time));
  ASSERT_TRUE(running.wait_for_more(50));
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
}

TEST_F(SelfManagedCertificate, ACaBundleThatIsWipedHeals) {
  start_two();
  ASSERT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  load running(*plane_, enforce_load(make_namespace("enforce")));
  ASSERT_TRUE(running.wait_for_more(30));
  const auto before = running.take();
  EXPECT_EQ(before.pinned, before.all()) << before;
  write_bundles(*plane_, "");
  EXPECT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  // The API server sees its own object a moment later.
  const auto is_well = [&] {
    running.take();
    return running.wait_for_more(20) && running.take().refused == 0;
  };
  EXPECT_TRUE(eventually(is_well));
  ASSERT_TRUE(running.wait_for_more(50));
  const auto after = running.stop();
  EXPECT_EQ(after.pinned, after.all()) << after;
}

TEST_F(SelfManagedCertificate, ACertificateThatExpiredWhileNobodyWasThereIsRenewed) {
  const past_clock then(100 * 24h);
  const auto authority = make_authority({.common_name = "pinhook authority", .lifetime = 365 * 24h}, then);
  ASSERT_TRUE(authority);
  certificate_request wanted;
  wanted.common_name = "pinhook";
  wanted.dns_names = {"pinhook.pinhook.svc"};
  wanted.addresses = {"127.0.0.1"};
  wanted.lifetime = 90 * 24h;
  const auto expired = make_leaf(*authority, wanted, then);
  ASSERT_TRUE(expired);
  write_serving_secret(*plane_, {{"ca.crt", authority->certificate},
                                 {"ca.key", authority->key.reveal()},
                                 {"tls.crt", expired->certificate},
                                 {"tls.key", expired->key.reveal()}});
  write_bundles(*plane_, authority->certificate);
  start_two();
  EXPECT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  // The authority is good for months, and stays.
  EXPECT_EQ(x509_certificate::parse(read_serving_secret(*plane_).at("ca.crt"))->fingerprint(),
            x509_certificate::parse(authority->certificate)->fingerprint());
  load running(*plane_, enforce_load(make_namespace("enforce")));
  ASSERT_TRUE(running.wait_for_more(30));
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
}

TEST_F(SelfManagedCertificate, ASecretThatIsDamagedHealsAndNoCallFails) {
  start_two();
  ASSERT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  load running(*plane_, enforce_load(make_namespace("enforce")));
  ASSERT_TRUE(running.wait_for_more(30));
  kubectl_ok({"patch", "secret", "pinhook-serving-certificate", "-n", "pinhook", "--type=merge", "--patch",
              R"({"data":{"ca.key":null,"tls.crt":"Z2FyYmFnZQ=="}})"});
  EXPECT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  ASSERT_TRUE(running.wait_for_more(50));
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
}

TEST_F(SelfManagedCertificate, ARollingRestartDuringARotationLosesNothing) {
  start_two();
  ASSERT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  load running(*plane_, enforce_load(make_namespace("enforce")));
  ASSERT_TRUE(running.wait_for_more(30));
  kubectl_ok({"delete", "secret", "pinhook-serving-certificate", "-n", "pinhook"});
  const auto leaving = std::exchange(running_, {});
  start_two();
  end(leaving);
  EXPECT_TRUE(eventually([&] { return is_in_order(); }, healing_time));
  ASSERT_TRUE(running.wait_for_more(50));
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
}

// The rights of the manifests, and that there are no others: asked of the API server.
TEST_F(SelfManagedCertificate, TheServiceAccountMayDoWhatTheManifestsSayAndNoMore) {
  struct row {
    const char* verb;
    const char* resource;
    const char* ns;
    bool is_allowed;
  };
  const std::vector<row> rows{
      {"get", "secrets/pinhook-serving-certificate", "pinhook", true},
      {"create", "secrets/pinhook-serving-certificate", "pinhook", true},
      {"patch", "secrets/pinhook-serving-certificate", "pinhook", true},
      {"update", "secrets/pinhook-serving-certificate", "pinhook", false},
      {"delete", "secrets/pinhook-serving-certificate", "pinhook", false},
      {"create", "secrets", "pinhook", false},
      {"create", "secrets/other", "pinhook", false},
      {"patch", "secrets/other", "pinhook", false},
      {"patch", "secrets/pinhook-serving-certificate", "default", false},
      {"get", "mutatingwebhookconfigurations/pinhook", "", true},
      {"patch", "mutatingwebhookconfigurations/pinhook", "", true},
      {"update", "mutatingwebhookconfigurations/pinhook", "", false},
      {"delete", "mutatingwebhookconfigurations/pinhook", "", false},
      {"patch", "mutatingwebhookconfigurations/other", "", false},
      {"list", "mutatingwebhookconfigurations", "", false},
      {"create", "mutatingwebhookconfigurations", "", false},
      // Pull secrets: by name, nothing is listed or watched.
      {"get", "secrets/regcred", "default", true},
      {"get", "serviceaccounts/default", "default", true},
      {"list", "secrets", "default", false},
      {"watch", "secrets", "default", false},
      {"list", "serviceaccounts", "default", false},
      {"create", "serviceaccounts/token", "default", false},
      {"get", "pods/any", "default", false},
      {"create", "pods", "default", false},
      {"patch", "deployments.apps/any", "default", false},
  };
  for (const auto& one : rows) {
    std::vector<std::string> arguments{"auth", "can-i", one.verb, one.resource,
                                       "--as=system:serviceaccount:pinhook:pinhook"};
    if (*one.ns != '\0') arguments.insert(arguments.end(), {"-n", one.ns});
    const auto r = kubectl(arguments);
    EXPECT_THAT(r.output, ::testing::StartsWith(one.is_allowed ? "yes" : "no"))
        << one.verb << ' ' << one.resource << " in " << one.ns;
  }
}

}  // namespace
}  // namespace pinhook::e2e
