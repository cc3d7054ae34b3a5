#include <pinhook/webhook/admission_endpoint.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_resolver.hpp"
#include "support/fake_tenant_credentials.hpp"
#include "support/run.hpp"

#include <pinhook/base/log.hpp>
#include <pinhook/server/tls_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct AdmissionEndpoint : ::testing::Test {
  testing::fake_clock time;
  server::metrics numbers;
  telemetry seen{numbers};
  server::tls_context tls;
  std::shared_ptr<testing::fake_resolver> tags = std::make_shared<testing::fake_resolver>();
  config::settings config;
  admission_endpoint endpoint{seen, numbers, time, config};
  compute_thread large{"large"};

  AdmissionEndpoint() {
    log::redirect([](std::string_view) {});
    config.own_namespace = "pinhook";
    endpoint.open(tags, std::make_shared<testing::fake_tenant_credentials>(), config, nullptr, large, nullptr);
  }
  ~AdmissionEndpoint() override { log::redirect(nullptr); }

  server::response post(const std::string& target, const std::string& ns = "shop") {
    std::string body =
        R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u",)"
        R"("kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","oldObject":null,"namespace":")" +
        ns + R"(","object":{"metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"r.io/a:1"}]}}}})";
    const std::size_t size = body.size();
    body.append(32, ' ');
    const server::endpoint e = endpoint.endpoint(tls);
    EXPECT_EQ(e.tls, &tls);
    const std::string_view path = std::string_view(target).substr(0, target.find('?'));
    for (const server::route& r : e.routes)
      if (r.path == path)
        return testing::run(e.handlers.at(r.handler)({.method = "POST",
                                                      .target = target,
                                                      .content_type = "application/json",
                                                      .body = std::string_view(body).substr(0, size),
                                                      .received = time.now()}));
    ADD_FAILURE() << "no route " << path;
    return {};
  }
};

TEST_F(AdmissionEndpoint, EachPathHasItsMode) {
  tags->fails("r.io/a:1", {error_code::unavailable, "down", std::nullopt});
  EXPECT_THAT(post("/v1/pin/enforce").body, HasSubstr(R"("allowed":false)"));
  EXPECT_THAT(post("/v1/pin/best-effort").body, HasSubstr(R"("allowed":true)"));
  tags->holds("r.io/a:1", testing::digest_of_digit('a'));
  EXPECT_THAT(post("/v1/pin/enforce").body, HasSubstr(R"("patch":)"));
  EXPECT_THAT(post("/v1/pin/audit").body, Not(HasSubstr(R"("patch":)")));
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_slots_total{outcome=\"pinned\",source=\"registry\"} "));
}

TEST_F(AdmissionEndpoint, TheDeadlineIsThatOfTheQuery) {
  tags->holds("r.io/a:1", testing::digest_of_digit('a'));
  post("/v1/pin/enforce?timeout=2s");
  ASSERT_EQ(tags->queries().size(), 1U);
  EXPECT_LT(tags->queries().front().limit.remaining(time.now()), 2s);
}

TEST_F(AdmissionEndpoint, UsesOtherRulesAndNeverItsOwnNamespace) {
  tags->holds("r.io/a:1", testing::digest_of_digit('a'));
  EXPECT_THAT(post("/v1/pin/enforce", "pinhook").body, Not(HasSubstr(R"("patch":)")));
  EXPECT_THAT(post("/v1/pin/enforce").body, HasSubstr(R"("patch":)"));
  config.pin.excluded_namespaces.emplace_back("shop");
  endpoint.use(config);
  EXPECT_THAT(post("/v1/pin/enforce").body, Not(HasSubstr(R"("patch":)")));
}

}  // namespace
}  // namespace pinhook::webhook
