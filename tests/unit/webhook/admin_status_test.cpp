#include <pinhook/webhook/admin_status.hpp>

#include "support/fake_clock.hpp"
#include "support/run.hpp"

#include <pinhook/base/log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct AdminStatus : ::testing::Test {
  testing::fake_clock time;
  admin_status status{time};
  inline static std::string logged;

  AdminStatus() {
    logged.clear();
    log::redirect([](std::string_view line) { logged += line; });
  }
  ~AdminStatus() override { log::redirect(nullptr); }

  server::response get(std::string_view path) {
    const server::endpoint e = status.endpoint();
    EXPECT_EQ(e.tls, nullptr);
    for (const server::route& r : e.routes)
      if (r.path == path) return testing::run(e.handlers.at(r.handler)(server::request()));
    ADD_FAILURE() << "no route " << path;
    return {};
  }
};

TEST_F(AdminStatus, AnswersTheProbes) {
  EXPECT_EQ(get("/livez").status, 200U);
  EXPECT_EQ(get("/readyz").status, 503U);
  status.state().set(server::health_state::ready);
  EXPECT_EQ(get("/readyz").status, 200U);
}

TEST_F(AdminStatus, ShowsItsMetrics) {
  status.numbers().set_rules(7);
  const server::response page = get("/metrics");
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, server::metrics::content_type);
  EXPECT_THAT(page.body, HasSubstr("pinhook_rules 7\n"));
  EXPECT_THAT(page.body, HasSubstr("pinhook_stalled_reads{files=\"look-ups\"} 0\n"));
}

TEST_F(AdminStatus, AReadThatHangsIsInAllOfThemUntilItReturns) {
  const auto on_stall = status.on_stall("lock");
  on_stall(true);
  EXPECT_EQ(get("/livez").status, 503U);
  EXPECT_THAT(get("/metrics").body, HasSubstr("pinhook_stalled_reads{files=\"lock\"} 1\n"));
  EXPECT_THAT(logged, HasSubstr("reading files does not come back"));
  EXPECT_THAT(logged, Not(HasSubstr("reading files came back")));
  on_stall(false);
  EXPECT_EQ(get("/livez").status, 200U);
  EXPECT_THAT(get("/metrics").body, HasSubstr("pinhook_stalled_reads{files=\"lock\"} 0\n"));
  EXPECT_THAT(logged, HasSubstr("reading files came back"));
}

}  // namespace
}  // namespace pinhook::webhook
