#include <pinhook/webhook/caller_gate.hpp>

#include "support/fake_clock.hpp"

#include <pinhook/base/log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using server::client_certificate;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct CallerGate : ::testing::Test {
  testing::fake_clock time;
  server::metrics numbers;
  config::settings config;
  inline static std::vector<std::string> logged;

  CallerGate() {
    logged.clear();
    log::redirect([](std::string_view line) { logged.emplace_back(line); });
    config.callers.client_ca = "/ca.crt";
    config.callers.names = {"kube-apiserver", "*.api.example.com", "spiffe://cluster/**"};
  }
  ~CallerGate() override { log::redirect(nullptr); }

  static server::client named(std::vector<std::string> names) {
    server::client out;
    out.certificate = client_certificate::verified;
    out.names = std::move(names);
    return out;
  }
  std::string refusal_of(const server::client& from) {
    caller_gate gate(config, numbers, time);
    const auto got = gate.check(from);
    if (!got) return {};
    EXPECT_EQ(got->status, 403U);
    return got->reason;
  }
};

TEST_F(CallerGate, AnswersEveryOneWithoutAuthorities) {
  config.callers = {};
  EXPECT_EQ(refusal_of({}), "");
  EXPECT_THAT(numbers.render(),
              AllOf(HasSubstr("pinhook_callers_total{caller=\"any\"} 1\n"), HasSubstr("pinhook_callers_verified 0\n")));
  EXPECT_THAT(describe_callers(config), HasSubstr("not verified"));
}

TEST_F(CallerGate, AnswersTheNamedOnes) {
  EXPECT_EQ(refusal_of(named({"kube-apiserver"})), "");
  EXPECT_EQ(refusal_of(named({"other", "one.api.example.com"})), "");
  EXPECT_EQ(refusal_of(named({"spiffe://cluster/ns/kube-system"})), "");
  for (const auto& wrong : {"", "kube-apiserver2", "api.example.com", "KUBE-APISERVER", "spiffe://other/api"})
    EXPECT_NE(refusal_of(named({wrong})), "") << wrong;
  EXPECT_NE(refusal_of(named({})), "");
  config.callers.names = {"*"};
  EXPECT_EQ(refusal_of(named({"spiffe://any/thing"})), "");
  EXPECT_NE(refusal_of({}), "") << "any name, but not none";
  EXPECT_EQ(describe_callers(config), "verified by client certificates of callers.client_ca, named *");
}

TEST_F(CallerGate, TheReasonNamesTheSettingAndIsSafeToShow) {
  server::client none;
  none.certificate = client_certificate::none;
  EXPECT_THAT(refusal_of(none), AllOf(HasSubstr("callers.client_ca"), HasSubstr("sent none")));
  server::client bad;
  bad.certificate = client_certificate::invalid;
  bad.fault = "it has expired";
  EXPECT_THAT(refusal_of(bad), AllOf(HasSubstr("callers.client_ca"), HasSubstr("it has expired")));
  const std::string other = refusal_of(named({"a\n\x1b", std::string(500, 'x'), "c", "d", "e", "f", "g"}));
  EXPECT_THAT(other, AllOf(HasSubstr("callers.names"), HasSubstr("2 more"), Not(HasSubstr("\n"))));
  EXPECT_LT(other.size(), 400U);
  EXPECT_THAT(other, Not(HasSubstr("kube-apiserver"))) << "the expected names are not given away";
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_callers_total{caller=\"no_certificate\"} 1\n"),
                                      HasSubstr("pinhook_callers_total{caller=\"invalid_certificate\"} 1\n"),
                                      HasSubstr("pinhook_callers_total{caller=\"other_name\"} 1\n"),
                                      HasSubstr("pinhook_callers_verified 1\n")));
}

TEST_F(CallerGate, OnlyCountsWhereACertificateIsNotRequired) {
  config.callers.required = false;
  EXPECT_EQ(refusal_of({}), "");
  EXPECT_EQ(refusal_of(named({"kube-apiserver"})), "");
  EXPECT_EQ(refusal_of(named({"other"})), "");
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_callers_total{caller=\"no_certificate\"} 1\n"),
                                      HasSubstr("pinhook_callers_total{caller=\"known\"} 1\n"),
                                      HasSubstr("pinhook_callers_verified 0\n")));
  const caller_gate gate(config, numbers, time);
  EXPECT_TRUE(gate.verifies());
  EXPECT_TRUE(gate.is_known(named({"kube-apiserver"})));
  EXPECT_FALSE(gate.is_known(named({"other"})));
  EXPECT_FALSE(gate.is_known({}));
  EXPECT_THAT(describe_callers(config), HasSubstr("not verified: known by"));
}

TEST_F(CallerGate, LogsOneRefusalASecond) {
  caller_gate gate(config, numbers, time);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(gate.check({}));
  EXPECT_EQ(logged.size(), 1U);
  time.advance(1s);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(gate.check({}));
  EXPECT_EQ(logged.size(), 2U);
}

}  // namespace
}  // namespace pinhook::webhook
