#include <pinhook/webhook/served_certificate.hpp>

#include "serving_world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <string>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct ServedCertificate : serving_world {
  testing::temporary_directory folder;
  server::task_group tasks{io.get_executor()};
  served_certificate certificate{{tls, state, numbers, time}};
  int connections = 0;

  static testing::key_pair leaf() { return testing::certificate_authority().issue({.not_after = 48h}); }
  void use_files() {
    const auto one = leaf();
    config.tls.cert_file = folder.write("tls.crt", one.certificate);
    config.tls.key_file = folder.write("tls.key", one.key);
  }
  served_certificate::connector fails(error_code code) {
    return [this, code]() -> result<std::shared_ptr<kube::api_connection>> {
      ++connections;
      return fail(code, "no cluster here");
    };
  }
  served_certificate::connector connects() {
    return [this]() -> result<std::shared_ptr<kube::api_connection>> {
      ++connections;
      return connection();
    };
  }
  void end_tasks() {
    tasks.cancel();
    asio::co_spawn(io, tasks.wait(), [](const std::exception_ptr&) {});
    io.restart();
    io.run();
  }
};

TEST_F(ServedCertificate, AGivenPairNeedsNoClusterAndIsReadyAtOnce) {
  const auto one = leaf();
  ASSERT_TRUE(
      certificate.open(pinhook::key_pair{one.certificate, secret(one.key)}, config, fails(error_code::not_found)));
  EXPECT_EQ(connections, 0);
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_expiry_timestamp_seconds"));
  certificate.keep(tasks, [](bool) {});
  EXPECT_EQ(state.state(), server::health_state::ready);
}

TEST_F(ServedCertificate, FilesWithoutAClusterAreReadyAtOnce) {
  use_files();
  ASSERT_TRUE(certificate.open(std::nullopt, config, fails(error_code::not_found)));
  EXPECT_TRUE(tls.is_loaded());
  certificate.keep(tasks, [](bool) {});
  EXPECT_EQ(state.state(), server::health_state::ready);
  end_tasks();
}

// Those of the Service and the configured ones.
TEST_F(ServedCertificate, FilesKeepTheNamesByWhichApiServersCall) {
  config.tls.service = "hook";
  config.tls.names = {"hook.example"};
  const testing::certificate_authority authority;
  const auto takes = [&](const std::string& name) {
    const auto one = authority.issue({.names = {name}});
    return tls.set_pair(one.certificate, secret(one.key)).has_value();
  };
  const auto first = authority.issue({.names = {"hook.pinhook.svc"}});
  config.tls.cert_file = folder.write("tls.crt", first.certificate);
  config.tls.key_file = folder.write("tls.key", first.key);
  ASSERT_TRUE(certificate.open(std::nullopt, config, fails(error_code::not_found)));
  EXPECT_EQ(tls.why_not_named(), std::nullopt);
  EXPECT_FALSE(takes("pinhook.pinhook.svc"));
  EXPECT_FALSE(takes("hook.other.svc"));
  EXPECT_TRUE(takes("hook.example"));
  EXPECT_TRUE(takes("hook.pinhook.svc"));
}

TEST_F(ServedCertificate, FilesInAClusterAreReadyWhenTheyAreTrusted) {
  use_files();
  ASSERT_TRUE(certificate.open(std::nullopt, config, connects()));
  EXPECT_TRUE(tls.is_loaded());
  http.fail_at(1, fail(error_code::unavailable, "down"));
  certificate.keep(tasks, [](bool) {});
  io.poll();
  EXPECT_THAT(state.readyz().body, HasSubstr("is not trusted by MutatingWebhookConfiguration"));
  end_tasks();
}

TEST_F(ServedCertificate, ItIsKeptInTheClusterWithoutFiles) {
  ASSERT_TRUE(certificate.open(std::nullopt, config, connects()));
  EXPECT_FALSE(tls.is_loaded());
  EXPECT_NE(state.state(), server::health_state::ready);
}

TEST_F(ServedCertificate, NamesTheReasonWithoutAny) {
  const auto none = certificate.open(std::nullopt, config, fails(error_code::not_found));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, error_code::invalid_input);
  EXPECT_THAT(none.error().message, StartsWith("no certificate: give --tls-cert and --tls-key"));
  EXPECT_THAT(none.error().message, HasSubstr("no cluster here"));
  const auto broken = certificate.open(std::nullopt, config, fails(error_code::denied));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "Kubernetes API: no cluster here");
  use_files();
  folder.write("tls.key", "no key");
  EXPECT_FALSE(certificate.open(std::nullopt, config, fails(error_code::not_found)));
  config.own_namespace.clear();
  config.tls.cert_file.clear();
  const auto nowhere = certificate.open(std::nullopt, config, connects());
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("POD_NAMESPACE"));
}

}  // namespace
}  // namespace pinhook::webhook
