#include <pinhook/kube/plugin_tokens.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_kube_api.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;

struct PluginTokens : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  testing::fake_kube_api kubernetes;
  plugin_tokens tokens{&kubernetes, io.get_executor(), time, 30s};
  token_attributes attributes{"aud", true, token_cache_type::service_account, {}, {}};

  const std::string account_line = "get serviceaccounts shop/api";
  const std::string token_line = "create serviceaccounts/token shop/api aud";

  void SetUp() override {
    set_account("1", {{"role", "r"}, {"team", "t"}, {"other", "o"}});
    set_token("one");
  }

  void set_account(const std::string& uid, std::map<std::string, std::string, std::less<>> annotations) {
    kubernetes.set_service_account("shop", "api", {uid, {}, std::move(annotations)});
  }
  void set_token(const std::string& text, std::chrono::nanoseconds life = 1h) {
    kubernetes.set_token(token_line,
                         {secret(text), time.wall() + std::chrono::duration_cast<wall_time::duration>(life)});
  }
  result<std::optional<plugin_token>> ask() {
    return testing::run_on(io, tokens.token_for(attributes, {"shop", "api"}, deadline::after(time.now(), 10s)));
  }
  plugin_token token() { return ask().value().value(); }
};

TEST_F(PluginTokens, HaveTokenAndAnnotations) {
  attributes.required_annotations = {"role"};
  attributes.optional_annotations = {"team", "missing"};
  const auto got = token();
  EXPECT_EQ(got.token.reveal(), "one");
  EXPECT_EQ(got.annotations, (std::map<std::string, std::string, std::less<>>{{"role", "r"}, {"team", "t"}}));
  EXPECT_NE(got.key, "");
}

TEST_F(PluginTokens, AreNoneWithoutARequiredAnnotation) {
  attributes.required_annotations = {"missing"};
  const auto got = ask();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(*got);
  EXPECT_FALSE(tokens.held(attributes, {"shop", "api"}));
  EXPECT_EQ(kubernetes.calls(token_line), 0U) << "no token is made for a plugin that does not run";
}

TEST_F(PluginTokens, KeysTellAccountsApart) {
  const std::string first = token().key;
  EXPECT_EQ(token().key, first);
  time.advance(31s);
  set_account("2", {{"role", "r"}});
  const std::string again = token().key;
  EXPECT_NE(again, first) << "another uid";
  attributes.optional_annotations = {"role"};
  const std::string with_role = token().key;
  EXPECT_NE(with_role, again);
  time.advance(31s);
  set_account("2", {{"role", "other"}});
  EXPECT_NE(token().key, with_role) << "another annotation";
}

TEST_F(PluginTokens, KeysHaveTheTokenWhereThePluginSaysSo) {
  const std::string by_account = token().key;
  attributes.cache = token_cache_type::token;
  const std::string by_token = token().key;
  EXPECT_NE(by_token, by_account);
  time.advance(2h);
  set_token("two");
  EXPECT_NE(token().key, by_token);
  attributes.cache = token_cache_type::service_account;
  EXPECT_EQ(token().key, by_account);
}

TEST_F(PluginTokens, AreHeldAndRenewed) {
  EXPECT_FALSE(tokens.held(attributes, {"shop", "api"}));
  const auto first = token();
  ASSERT_TRUE(tokens.held(attributes, {"shop", "api"}));
  EXPECT_EQ(tokens.held(attributes, {"shop", "api"})->key, first.key);
  (void)token();
  EXPECT_EQ(kubernetes.calls(account_line), 1U);
  EXPECT_EQ(kubernetes.calls(token_line), 1U);
  time.advance(31s);
  (void)token();
  EXPECT_EQ(kubernetes.calls(account_line), 2U) << "annotations change";
  EXPECT_EQ(kubernetes.calls(token_line), 1U);

  time.advance(49min);
  set_token("two");
  EXPECT_EQ(token().token.reveal(), "one") << "the old one serves while it is renewed";
  io.restart();
  io.poll();
  EXPECT_EQ(token().token.reveal(), "two");
  EXPECT_EQ(kubernetes.calls(token_line), 2U);
}

// The API server's clock is three hours ahead of ours, so that the end of a token of an hour looks far away.
TEST_F(PluginTokens, AClockThatIsBehindKeepsNoneBeyondItsLifetime) {
  set_token("one", 4h);
  EXPECT_EQ(token().token.reveal(), "one");
  set_token("two", 4h);
  time.advance(54min);
  EXPECT_FALSE(tokens.held(attributes, {"shop", "api"}));
  EXPECT_EQ(token().token.reveal(), "two");
}

TEST_F(PluginTokens, ATokenThatHasEndedIsNotHeld) {
  set_token("old", -1s);
  EXPECT_EQ(token().token.reveal(), "old");
  set_token("new");
  EXPECT_EQ(token().token.reveal(), "new");
}

TEST_F(PluginTokens, NameTheStepThatFailed) {
  kubernetes.fail(account_line, {error_code::denied, "RBAC", std::nullopt});
  auto got = ask();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message, "service account shop/api: RBAC");

  kubernetes.heal();
  time.advance(6s);
  kubernetes.fail(token_line, {error_code::not_found, "gone", std::nullopt});
  got = ask();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message, R"(service account shop/api: a token for "aud": gone)");

  kubernetes.heal();
  time.advance(6s);
  kubernetes.fail(token_line, {error_code::timed_out, "slow", std::nullopt});
  EXPECT_EQ(ask().error().code, error_code::timed_out);
}

TEST_F(PluginTokens, NeedAKubernetesApi) {
  plugin_tokens none(nullptr, io.get_executor(), time, 30s);
  const account_name name{"shop", "api"};
  const auto got = testing::run_on(io, none.token_for(attributes, name, deadline::never()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message,
            "service account shop/api: the plugin needs a token for it, and there is no Kubernetes API to issue one");
}

TEST_F(PluginTokens, MakeNoRequestAfterCancel) {
  tokens.cancel();
  EXPECT_EQ(ask().error().code, error_code::canceled);
  EXPECT_TRUE(kubernetes.calls().empty());
}

}  // namespace
}  // namespace pinhook::kube
