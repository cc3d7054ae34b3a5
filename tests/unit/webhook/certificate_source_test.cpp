#include <pinhook/webhook/certificate_source.hpp>

#include "serving_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct CertificateSource : serving_world {
  std::unique_ptr<certificate_source> made() {
    auto out = certificate_source::self_managed(connection(), config, {tls, state, numbers, time});
    EXPECT_TRUE(out);
    return out ? std::move(*out) : nullptr;
  }
  static pinhook::key_pair pair(std::chrono::seconds end) {
    const auto leaf = testing::certificate_authority().issue({.not_after = end});
    return {leaf.certificate, secret(leaf.key)};
  }
};

TEST_F(CertificateSource, NeedsANamespace) {
  config.own_namespace.clear();
  const auto out = certificate_source::self_managed(connection(), config, {tls, state, numbers, time});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::invalid_input);
  EXPECT_THAT(out.error().message, HasSubstr("POD_NAMESPACE"));
}

TEST_F(CertificateSource, ServesThePairThatItGets) {
  const auto source = made();
  ASSERT_TRUE(source->use(pair(48h)));
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_changes_total{what=\"served\"} 1\n"));
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_expiry_timestamp_seconds"));
  const auto before = tls.current();
  auto broken = pair(48h);
  broken.key = pair(48h).key;
  EXPECT_FALSE(source->use(broken));
  EXPECT_EQ(tls.current(), before);
  EXPECT_THAT(logged, Not(HasSubstr("PRIVATE")));
}

TEST_F(CertificateSource, IsReadyAsLongAsItIsTrusted) {
  const auto source = made();
  source->not_trusted("for a reason");
  EXPECT_EQ(state.readyz().body, "not ready: for a reason\n");
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_trusted 0\n"));
  source->trusted();
  EXPECT_EQ(state.readyz().status, 200U);
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_trusted 1\n"));
  state.set(server::health_state::draining, "shutting down");
  source->trusted();
  source->not_trusted("late");
  EXPECT_EQ(state.readyz().body, "draining: shutting down\n");
}

TEST_F(CertificateSource, CountsAndLogsWhatIsDone) {
  const auto source = made();
  source->wrote("Secret pinhook/x", "there was none");
  source->wrote("MutatingWebhookConfiguration pinhook", "its caBundle was empty");
  source->failed({error_code::denied, "a rule is missing", std::nullopt});
  source->unchecked("no right");
  const std::string text = numbers.render();
  EXPECT_THAT(text, HasSubstr("pinhook_certificate_changes_total{what=\"secret\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_certificate_changes_total{what=\"bundle\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_certificate_failures_total 1\n"));
  for (const char* part : {"wrote Secret pinhook/x", "there was none", "a rule is missing", "no right"})
    EXPECT_THAT(logged, HasSubstr(part));
}

}  // namespace
}  // namespace pinhook::webhook
