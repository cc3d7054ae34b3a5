// OpenShift's mirrors are kept from an API that comes and goes.
#include <pinhook/access/cluster_mirrors.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/run.hpp"

#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::respond;

const std::string server = "GET https://k8s.example/apis";

struct ClusterMirrors : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};
  std::shared_ptr<registry::node_conf> conf = std::make_shared<registry::node_conf>(registry::registries_conf());
  std::vector<std::string> seen;
  std::vector<std::string> awaited;
  std::vector<std::chrono::nanoseconds> waits;
  std::size_t rounds = 1;

  wait_seams seams() {
    wait_seams out;
    out.random = [] { return 0.5; };
    out.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
      waits.push_back(span);
      seen.push_back(place());
      if (waits.size() == rounds) throw boost::system::system_error(asio::error::operation_aborted);
      time.advance(span);
      co_return;
    };
    return out;
  }
  std::shared_ptr<kube::api_connection> connection() {
    kube::cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer fixed");
    wait_seams none;
    none.sleep = [](std::chrono::nanoseconds) -> awaitable<void> { co_return; };
    none.random = [] { return 1.0; };
    return std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time,
                                                  kube::login_options{}, none);
  }
  cluster_mirrors mirrors{connection(), conf, time, {}, seams()};

  // A cluster with one ImageTagMirrorSet.
  void have(const std::string& mirror) {
    http.reply(server,
               respond(200, {}, R"({"groups":[{"name":"config.openshift.io","preferredVersion":{"version":"v1"}}]})"));
    http.reply(server + "/config.openshift.io/v1/imagedigestmirrorsets?limit=500", respond(404));
    http.reply(
        server + "/config.openshift.io/v1/imagetagmirrorsets?limit=500",
        respond(200, {},
                R"({"items":[{"metadata":{"name":"t"},"spec":{"imageTagMirrors":[{"source":"s.com","mirrors":[")" +
                    mirror + R"("]}]}}]})"));
  }
  void be_away() { http.reply(server, respond(403, {}, R"({"kind":"Status","message":"no","reason":"Forbidden"})")); }
  [[nodiscard]] std::string place() const {
    const auto got = places_for(*conf->current(), registry::reference::parse("s.com/app:1").value());
    if (!got) return std::string(to_string(got.error().code)) + ": " + got.error().message;
    return got->in_order.empty() ? "as named" : got->in_order[0].named.written();
  }
  void keep(std::size_t count) {
    rounds = count;
    EXPECT_THROW(testing::run_on(io, kept()), boost::system::system_error);
  }
  awaitable<bool> kept() {
    co_await mirrors.keep([this](std::string reason) { awaited.push_back(std::move(reason)); });
    co_return true;
  }
};

TEST_F(ClusterMirrors, NothingIsResolvedBeforeTheyAreKnown) {
  EXPECT_THAT(place(), HasSubstr("unavailable: OpenShift's mirrors: they were not read yet"));
}

TEST_F(ClusterMirrors, AreReadAgainAndStayWhileTheApiIsAway) {
  have("one.com");
  be_away();
  have("two.com");
  keep(3);
  EXPECT_THAT(seen, ElementsAre("one.com/app:1", "one.com/app:1", "two.com/app:1"));
  EXPECT_THAT(waits, ElementsAre(30s, 1s, 30s));
  EXPECT_THAT(awaited, ElementsAre("OpenShift's mirrors: they were not read yet", "")) << "and it stays ready";
}

TEST_F(ClusterMirrors, TheReasonOfAFailureAtTheStartIsThatOfEachImage) {
  be_away();
  have("one.com");
  keep(2);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_THAT(seen[0], AllOf(HasSubstr("unavailable: OpenShift's mirrors: Kubernetes API: "), HasSubstr("403")));
  EXPECT_EQ(seen[1], "one.com/app:1");
  EXPECT_THAT(awaited, ElementsAre(HasSubstr("not read yet"), HasSubstr("403"), ""));
}

TEST_F(ClusterMirrors, ACommandReadsOnce) {
  have("one.com");
  EXPECT_TRUE(testing::run_on(io, mirrors.read(deadline::after(time.now(), 1s))));
  EXPECT_EQ(place(), "one.com/app:1");
  be_away();
  EXPECT_FALSE(testing::run_on(io, mirrors.read(deadline::after(time.now(), 1s))));
}

struct ClusterGrants : ClusterMirrors {
  std::shared_ptr<registry::mirror_grants> grants = std::make_shared<registry::mirror_grants>();
  cluster_mirrors granting{connection(), conf, time, {.grants = grants}, seams()};
  const std::string kind = server + "/config.openshift.io/v1/criocredentialproviderconfigs?limit=500";
  const registry::reference image = registry::reference::parse("s.com/app:1").value();

  result<void> read() { return testing::run_on(io, granting.read(deadline::after(time.now(), 1s))); }
  void have_grant(const std::string& images) {
    have("one.com");
    http.reply(
        kind, respond(200, {}, R"({"items":[{"metadata":{"name":"cluster"},"spec":{"matchImages":)" + images + "}}]}"));
  }
};

TEST_F(ClusterGrants, AreReadWithTheMirrors) {
  have_grant(R"(["s.com"])");
  EXPECT_TRUE(read());
  EXPECT_TRUE(grants->covers(image));
  have_grant("[]");
  EXPECT_TRUE(read());
  EXPECT_FALSE(grants->covers(image));
}

TEST_F(ClusterGrants, StayAsTheyWereWhileTheyCannotBeRead) {
  have_grant(R"(["s.com"])");
  EXPECT_TRUE(read());
  have_grant(R"([1])");
  const auto got = read();
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("CRIOCredentialProviderConfig"));
  EXPECT_TRUE(grants->covers(image));
  EXPECT_EQ(place(), "one.com/app:1");
}

TEST_F(ClusterGrants, WithoutTheRightThereAreNoneAndMirrorsAreUsed) {
  have("one.com");
  http.reply(kind, respond(403, {}, R"({"kind":"Status","message":"no","reason":"Forbidden"})"));
  EXPECT_TRUE(read());
  EXPECT_EQ(place(), "one.com/app:1");
  EXPECT_FALSE(grants->covers(image));
  have("two.com");
  EXPECT_TRUE(read()) << "and it is not asked for again";
  EXPECT_EQ(place(), "two.com/app:1");
}

}  // namespace
}  // namespace pinhook::access
