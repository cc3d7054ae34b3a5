#include <pinhook/config/serving_policy.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace pinhook::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ServingPolicy, AreForTheServicesNames) {
  settings s;
  s.tls.service = "hook";
  s.tls.names = {"hook.example.com", "*.example.com", "127.0.0.1", "0:0:0:0:0:0:0:1"};
  s.tls.settle = 500ms;
  const auto policy = serving_policy_of(s, "system");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_THAT(policy->names.dns_names, ElementsAre("hook.system.svc", "hook.system.svc.cluster.local", "hook.system",
                                                   "hook.example.com", "*.example.com"));
  EXPECT_THAT(policy->names.addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(policy->lifetime, 90 * 24h);
  EXPECT_EQ(policy->authority_lifetime, 365 * 24h);
  EXPECT_EQ(policy->settle, 1s);
}

TEST(ServingPolicy, NameTheSettingThatIsWrong) {
  struct sample {
    std::function<void(settings&)> change;
    const char* message;
  };
  const sample samples[] = {
      {[](settings& s) { s.tls.secret = "a/b"; }, "tls.secret: \"a/b\" is not a valid name of a Secret"},
      {[](settings& s) { s.tls.webhook_configuration = ""; }, "tls.webhook_configuration: \"\" is not a valid name"},
      {[](settings& s) { s.tls.service = "a.b"; }, "tls.service: \"a.b\" is not a valid name of a Service"},
      {[](settings& s) { s.tls.names = {"ok", "a b"}; }, "tls.names: \"a b\" is neither a DNS name"},
      {[](settings& s) { s.tls.names = {"*"}; }, "tls.names: \"*\" is neither a DNS name"},
      {[](settings& s) { s.tls.authority_lifetime = s.tls.lifetime; }, "tls.authority_lifetime must be longer"},
      {[](settings& s) { s.tls.lifetime = 1h, s.tls.settle = 1h; }, "tls.lifetime, tls.authority_lifetime, tls.settle"},
      {[](settings& s) { s.tls.names.assign(100, "a.example.com"); }, "names at most"},
  };
  for (const auto& one : samples) {
    settings s;
    one.change(s);
    const auto policy = serving_policy_of(s, "pinhook");
    ASSERT_FALSE(policy) << one.message;
    EXPECT_EQ(policy.error().code, error_code::invalid_input);
    EXPECT_THAT(policy.error().message, HasSubstr(one.message));
  }
  EXPECT_THAT(serving_policy_of(settings{}, "No").error().message, HasSubstr("namespace: \"No\""));
}

}  // namespace
}  // namespace pinhook::config
