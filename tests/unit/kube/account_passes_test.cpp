#include <pinhook/kube/account_passes.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_kube_api.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;

struct AccountPasses : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  testing::fake_kube_api kubernetes;
  account_passes passes{&kubernetes, io.get_executor(), time, 30s};
  token_attributes wanted{"aud", true, token_cache_type::service_account, {}, {}};

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
  result<std::optional<account_pass>> ask() {
    return testing::run_on(io, passes.pass_for(wanted, {"shop", "api"}, deadline::after(time.now(), 10s)));
  }
  account_pass pass() { return ask().value().value(); }
};

TEST_F(AccountPasses, HaveTokenAndAnnotations) {
  wanted.required_annotations = {"role"};
  wanted.optional_annotations = {"team", "missing"};
  const auto got = pass();
  EXPECT_EQ(got.token.reveal(), "one");
  EXPECT_EQ(got.annotations, (std::map<std::string, std::string, std::less<>>{{"role", "r"}, {"team", "t"}}));
  EXPECT_NE(got.key, "");
}

TEST_F(AccountPasses, AreNoneWithoutARequiredAnnotation) {
  wanted.required_annotations = {"missing"};
  const auto got = ask();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(*got);
  EXPECT_FALSE(passes.held(wanted, {"shop", "api"}));
  EXPECT_EQ(kubernetes.calls(token_line), 0U) << "no token is made for a plugin that does not run";
}

TEST_F(AccountPasses, KeysTellAccountsApart) {
  const std::string first = pass().key;
  EXPECT_EQ(pass().key, first);
  time.advance(31s);
  set_account("2", {{"role", "r"}});
  const std::string again = pass().key;
  EXPECT_NE(again, first) << "another uid";
  wanted.optional_annotations = {"role"};
  const std::string with_role = pass().key;
  EXPECT_NE(with_role, again);
  time.advance(31s);
  set_account("2", {{"role", "other"}});
  EXPECT_NE(pass().key, with_role) << "another annotation";
}

TEST_F(AccountPasses, KeysHaveTheTokenWhereThePluginSaysSo) {
  const std::string by_account = pass().key;
  wanted.cache = token_cache_type::token;
  const std::string by_token = pass().key;
  EXPECT_NE(by_token, by_account);
  time.advance(2h);
  set_token("two");
  EXPECT_NE(pass().key, by_token);
  wanted.cache = token_cache_type::service_account;
  EXPECT_EQ(pass().key, by_account);
}

TEST_F(AccountPasses, AreHeldAndRenewed) {
  EXPECT_FALSE(passes.held(wanted, {"shop", "api"}));
  const auto first = pass();
  ASSERT_TRUE(passes.held(wanted, {"shop", "api"}));
  EXPECT_EQ(passes.held(wanted, {"shop", "api"})->key, first.key);
  (void)pass();
  EXPECT_EQ(kubernetes.calls(account_line), 1U);
  EXPECT_EQ(kubernetes.calls(token_line), 1U);
  time.advance(31s);
  (void)pass();
  EXPECT_EQ(kubernetes.calls(account_line), 2U) << "annotations change";
  EXPECT_EQ(kubernetes.calls(token_line), 1U);

  time.advance(49min);
  set_token("two");
  EXPECT_EQ(pass().token.reveal(), "one") << "the old one serves while it is renewed";
  io.restart();
  io.poll();
  EXPECT_EQ(pass().token.reveal(), "two");
  EXPECT_EQ(kubernetes.calls(token_line), 2U);
}

TEST_F(AccountPasses, ATokenThatHasEndedIsNotHeld) {
  set_token("old", -1s);
  EXPECT_EQ(pass().token.reveal(), "old");
  set_token("new");
  EXPECT_EQ(pass().token.reveal(), "new");
}

TEST_F(AccountPasses, SayWhichStepFailed) {
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

TEST_F(AccountPasses, WantAKubernetesApi) {
  account_passes none(nullptr, io.get_executor(), time, 30s);
  const account_name who{"shop", "api"};
  const auto got = testing::run_on(io, none.pass_for(wanted, who, deadline::never()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message,
            "service account shop/api: the plugin wants a token of it, and there is no Kubernetes API to give one");
}

TEST_F(AccountPasses, NothingIsAskedAfterCancel) {
  passes.cancel();
  EXPECT_EQ(ask().error().code, error_code::canceled);
  EXPECT_TRUE(kubernetes.calls().empty());
}

}  // namespace
}  // namespace pinhook::kube
