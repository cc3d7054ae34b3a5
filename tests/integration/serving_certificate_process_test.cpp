// `pinhook serve` as processes whose certificate is kept in a cluster, or given as files and checked against one: a
// client that trusts the caBundle can connect, and /readyz gives the reason when one cannot.
#include "support/fake_api_server.hpp"
#include "support/run.hpp"
#include "support/serve_process.hpp"

#include <pinhook/base/certificate.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/serving_state.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string secret_name = "pinhook-serving-certificate";
const std::string is_trusted = "ready: the serving certificate is trusted";
const std::string is_not_trusted = "not ready: the serving certificate is not trusted";
const std::string another = "another serving certificate is in use";

// Some time ago.
class past_clock final : public clock {
 public:
  explicit past_clock(std::chrono::hours ago) : ago_(ago) {}
  [[nodiscard]] steady_time now() const override { return machine_clock().now(); }
  [[nodiscard]] wall_time wall() const override { return machine_clock().wall() - ago_; }

 private:
  std::chrono::hours ago_;
};

std::size_t certificates_in(const std::string& bundle) {
  std::size_t out = 0;
  for (auto at = bundle.find("BEGIN CERTIFICATE"); at != std::string::npos;
       at = bundle.find("BEGIN CERTIFICATE", at + 1))
    ++out;
  return out;
}

struct replica {
  std::unique_ptr<program> process;
  std::uint16_t port = 0, admin_port = 0;
};

class ServingCertificateProcess : public ServeProcess {
 protected:
  ServingCertificateProcess() {
    api_.allow_serving_certificate();
    environment_.push_back("PINHOOK_KUBECONFIG=" + api_.write_kubeconfig(files_.path()));
    environment_.emplace_back("PINHOOK_NAMESPACE=pinhook");
    environment_.emplace_back("PINHOOK_PULL_SECRETS_MODE=off");
    environment_.emplace_back("PINHOOK_CLOUDS=[]");
    environment_.emplace_back("PINHOOK_TLS_NAMES=[127.0.0.1]");
    environment_.emplace_back("PINHOOK_TLS_CHECK_INTERVAL=100ms");
    environment_.emplace_back("PINHOOK_TLS_SETTLE=1s");
  }

  static std::vector<std::string> words() {
    return {"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--threads", "1"};
  }
  static void find_ports(replica& r) {
    const auto line = json::parse(r.process->wait_for_error_line("\"serving\""));
    ASSERT_TRUE(line) << r.process->errors();
    r.port = port_of(*line, "listen");
    r.admin_port = port_of(*line, "admin");
  }
  replica one() const {
    replica out;
    out.process = std::make_unique<program>(words(), environment_);
    find_ports(out);
    return out;
  }
  std::vector<replica> two() const {
    std::vector<replica> out(2);
    for (auto& r : out) r.process = std::make_unique<program>(words(), environment_);
    for (auto& r : out) find_ports(r);
    return out;
  }
  static std::string admin_of(const replica& r, const std::string& path) {
    https_client c(r.admin_port, {.tls = false});
    const auto answer = c.ask(get(path));
    return answer ? std::to_string(answer->status) + " " + answer->body : "none";
  }
  static int end(replica& r) {
    r.process->send(SIGTERM);
    const int code = r.process->wait();
    EXPECT_THAT(r.process->errors(), Not(HasSubstr("PRIVATE KEY")));
    return code;
  }

  void set_bundles(const std::string& bundle) {
    api_.set_registration("pinhook", {{"enforce.pinhook.dev", bundle}, {"audit.pinhook.dev", bundle}});
  }
  // That of the last entry.
  std::string bundle() const {
    const auto now = api_.registration("pinhook");
    return now ? now->webhooks.back().ca_bundle : "";
  }
  // A handshake as an API server makes it, with nothing trusted but the bundle. Empty: it went well.
  static std::string call(std::uint16_t port, const std::string& bundle) {
    asio::io_context io{1};
    http::curl_client_options o;
    o.guards_addresses = false;
    http::curl_client client(io, o);
    auto tls = std::make_shared<http::tls_settings>();
    tls->authorities.push_back({"", secret(bundle)});
    tls->system_authorities = false;
    http::request r;
    r.url = "https://127.0.0.1:" + std::to_string(port) + "/v1/pin/enforce";
    r.reach.loopback = true;
    r.tls = std::move(tls);
    const auto got = run_on(io, client.send(std::move(r), deadline::after(machine_clock().now(), 20s)));
    return got ? "" : got.error().message;
  }

  fake_api_server api_;
};

TEST_F(ServingCertificateProcess, TwoStartAtOnceWithOneAuthority) {
  set_bundles("");
  auto both = two();
  for (auto& r : both) {
    r.process->wait_for_error_line(is_trusted);
    EXPECT_EQ(admin_of(r, "/readyz"), "200 ready\n");
  }
  const auto now = api_.registration("pinhook");
  EXPECT_EQ(now->webhooks[0].ca_bundle, now->webhooks[1].ca_bundle);
  EXPECT_EQ(certificates_in(bundle()), 1U);
  for (auto& r : both) {
    EXPECT_EQ(call(r.port, bundle()), "");
    EXPECT_NE(call(r.port, authority_.certificate()), "");
    EXPECT_THAT(admin_of(r, "/metrics"), AllOf(HasSubstr("pinhook_certificate_trusted 1\n"),
                                               HasSubstr("pinhook_certificate_expiry_timestamp_seconds ")));
    EXPECT_EQ(end(r), 0);
  }
}

TEST_F(ServingCertificateProcess, ADeletedSecretIsMadeAnewAndNobodyIsRefused) {
  set_bundles("");
  auto both = two();
  for (auto& r : both) r.process->wait_for_error_line(is_trusted);
  std::atomic<bool> goes_on = true;
  std::atomic<int> calls = 0;
  std::string failures;
  std::thread caller([&] {
    while (goes_on) {
      for (const auto& r : both) {
        failures += call(r.port, bundle());
        ++calls;
      }
    }
  });
  const std::string before = api_.secret("pinhook", secret_name)->at("tls.crt");
  api_.remove_secret("pinhook", secret_name);
  for (auto& r : both) r.process->wait_for_error_line(another);
  const int by_then = calls;
  while (calls < by_then + 4) std::this_thread::yield();
  goes_on = false;
  caller.join();
  EXPECT_EQ(failures, "");
  EXPECT_EQ(certificates_in(bundle()), 2U);
  EXPECT_NE(api_.secret("pinhook", secret_name)->at("tls.crt"), before);
  for (auto& r : both) {
    EXPECT_EQ(admin_of(r, "/readyz"), "200 ready\n");
    EXPECT_EQ(end(r), 0);
    EXPECT_THAT(r.process->errors(), Not(HasSubstr(is_not_trusted)));
  }
}

TEST_F(ServingCertificateProcess, AWipedBundleIsWrittenAgain) {
  set_bundles("");
  auto r = one();
  r.process->wait_for_error_line(is_trusted);
  const std::string before = bundle();
  set_bundles("");
  r.process->wait_for_error_line("wrote MutatingWebhookConfiguration pinhook");
  EXPECT_EQ(bundle(), before);
  EXPECT_EQ(call(r.port, bundle()), "");
  EXPECT_EQ(end(r), 0);
}

TEST_F(ServingCertificateProcess, AnExpiredCertificateIsRenewedByItsAuthority) {
  const past_clock long_ago(48h);
  const auto authority = make_authority({.common_name = "pinhook", .lifetime = 24h * 365}, long_ago);
  ASSERT_TRUE(authority);
  const auto leaf =
      make_leaf(*authority,
                {.common_name = "pinhook", .dns_names = {"pinhook.pinhook.svc"}, .addresses = {"127.0.0.1"}}, long_ago);
  ASSERT_TRUE(leaf);
  api_.set_secret("pinhook", secret_name, "Opaque",
                  {{"ca.crt", authority->certificate},
                   {"ca.key", authority->key.reveal()},
                   {"tls.crt", leaf->certificate},
                   {"tls.key", leaf->key.reveal()}});
  set_bundles(authority->certificate);
  auto r = one();
  r.process->wait_for_error_line(is_trusted);
  EXPECT_EQ(call(r.port, authority->certificate), "");
  EXPECT_NE(api_.secret("pinhook", secret_name)->at("tls.crt"), leaf->certificate);
  EXPECT_EQ(api_.secret("pinhook", secret_name)->at("ca.crt"), authority->certificate);
  EXPECT_EQ(end(r), 0);
}

TEST_F(ServingCertificateProcess, ARightThatIsMissingIsNamed) {
  struct sample {
    const char* verb;
    bool of_secret;
    const char* text;
  };
  for (const sample& s :
       {sample{"get", false, "a ClusterRole with verb \"get\" on resource \"mutatingwebhookconfigurations\""},
        sample{"patch", false, "verb \"patch\" on resource \"mutatingwebhookconfigurations\""},
        sample{"get", true, "verb \"get\" on resource \"secrets\" in namespace pinhook"},
        sample{"create", true, "verbs \"create\" and \"patch\" on resource \"secrets\""}}) {
    api_.remove_secret("pinhook", secret_name);
    set_bundles("");
    const std::string resource = s.of_secret ? "secrets" : "mutatingwebhookconfigurations";
    const std::string ns = s.of_secret ? "pinhook" : "";
    const std::string name = s.of_secret ? secret_name : "pinhook";
    api_.forbid(s.verb, resource, ns, name);
    auto r = one();
    r.process->wait_for_error_line(is_not_trusted);
    EXPECT_THAT(admin_of(r, "/readyz"), AllOf(HasSubstr("503 not ready: "), HasSubstr(s.text)));
    EXPECT_THAT(admin_of(r, "/metrics"), HasSubstr("pinhook_certificate_failures_total 1\n"));
    api_.allow(s.verb, resource, ns, name);
    r.process->wait_for_error_line(is_trusted);
    EXPECT_EQ(call(r.port, bundle()), "");
    EXPECT_EQ(end(r), 0);
  }
}

TEST_F(ServingCertificateProcess, AnApiServerThatIsGoneChangesNothing) {
  set_bundles("");
  auto r = one();
  r.process->wait_for_error_line(is_trusted);
  const std::string trusted_bundle = bundle();
  api_.fail("", 503);
  r.process->wait_for_error_line("the serving certificate cannot be looked after");
  EXPECT_EQ(admin_of(r, "/readyz"), "200 ready\n");
  EXPECT_EQ(call(r.port, trusted_bundle), "");
  EXPECT_EQ(end(r), 0);
}

TEST_F(ServingCertificateProcess, AConfigurationMayComeLater) {
  auto r = one();
  r.process->wait_for_error_line(is_not_trusted);
  EXPECT_THAT(admin_of(r, "/readyz"),
              AllOf(HasSubstr("503 not ready: "), HasSubstr("MutatingWebhookConfiguration pinhook")));
  set_bundles("");
  r.process->wait_for_error_line(is_trusted);
  EXPECT_EQ(admin_of(r, "/readyz"), "200 ready\n");
  EXPECT_EQ(call(r.port, bundle()), "");
  EXPECT_EQ(end(r), 0);
}

TEST_F(ServingCertificateProcess, WithoutACertificateConnectionsAreClosedAndItEndsInGoodOrder) {
  set_bundles("");
  api_.hang("");
  auto r = one();
  EXPECT_THAT(
      admin_of(r, "/readyz"),
      HasSubstr("503 not ready: the serving certificate is not trusted by MutatingWebhookConfiguration pinhook"));
  EXPECT_FALSE(https_client(r.port).is_open());
  EXPECT_THAT(admin_of(r, "/metrics"), AllOf(HasSubstr("{reason=\"no_certificate\"} 1\n"),
                                             Not(HasSubstr("pinhook_certificate_expiry_timestamp_seconds"))));
  EXPECT_EQ(end(r), 0) << r.process->errors();
}

TEST_F(ServingCertificateProcess, NeedsItsNamespace) {
  std::erase_if(environment_, [](const std::string& one) { return one.starts_with("PINHOOK_NAMESPACE="); });
  const auto none = run_program(words(), environment_);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("set namespace or POD_NAMESPACE"));
}

TEST_F(ServingCertificateProcess, WithoutAClusterItSaysBothWays) {
  std::erase_if(environment_, [](const std::string& one) { return one.starts_with("PINHOOK_KUBECONFIG="); });
  const auto none = run_program(words(), environment_);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, AllOf(HasSubstr("--tls-cert"), HasSubstr("cluster"), HasSubstr("kubeconfig")));
}

TEST_F(ServingCertificateProcess, FilesAreJudgedByTheBundle) {
  set_bundles(certificate_authority("another authority").certificate());
  start();
  process_->wait_for_error_line(is_not_trusted);
  EXPECT_THAT(admin("/readyz", 503), HasSubstr("enforce.pinhook.dev"));
  set_bundles(authority_.certificate());
  process_->wait_for_error_line(is_trusted);
  EXPECT_EQ(admin("/readyz", 200), "ready\n");
  EXPECT_EQ(call(port_, bundle()), "");
  EXPECT_EQ(bundle(), authority_.certificate()) << "somebody else's bundle was written";
  EXPECT_EQ(ServeProcess::end(), 0);
}

TEST_F(ServingCertificateProcess, FilesThatCannotBeJudgedHoldNothingBack) {
  set_bundles(certificate_authority("another authority").certificate());
  api_.forbid("get", "mutatingwebhookconfigurations", "", "pinhook");
  start();
  process_->wait_for_error_line("cannot be checked");
  process_->wait_for_error_line(is_trusted);
  EXPECT_EQ(admin("/readyz", 200), "ready\n");
  EXPECT_EQ(ServeProcess::end(), 0);
  EXPECT_THAT(process_->errors(), HasSubstr("a ClusterRole with verb"));
}

}  // namespace
}  // namespace pinhook::testing
