#include <pinhook/kube/pull_secrets.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_credentials.hpp"
#include "support/fake_kube_api.hpp"
#include "support/gather.hpp"
#include "support/run.hpp"

#include <pinhook/registry/mirror_grants.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using registry::tenant;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::fake_credentials;
using testing::fake_kube_api;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using source = std::shared_ptr<registry::credential_source>;

const registry::reference image = registry::reference::parse("r.io/a").value();

secret_object for_r_io(const std::string& user) {
  return fake_kube_api::docker_secret(
      fmt::format(R"({{"auths":{{"r.io":{{"username":"{}","password":"p"}}}}}})", user));
}

service_account account(std::vector<std::string> names) {
  return {.uid = "1", .image_pull_secrets = std::move(names), .annotations = {}};
}

// An API that answers when the test releases it.
class slow_api final : public api {
 public:
  explicit slow_api(asio::io_context& io) : gate_(io, asio::steady_timer::time_point::max()) {}
  fake_kube_api inner;
  int requests = 0;

  void answer() { gate_.cancel(); }
  awaitable<result<secret_object>> get_secret(std::string ns, std::string name, deadline d) override {
    ++requests;
    co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return co_await inner.get_secret(std::move(ns), std::move(name), d);
  }
  awaitable<result<namespace_object>> get_namespace(std::string, deadline) override {
    co_return fail(error_code::internal, "not used");
  }
  awaitable<result<service_account>> get_service_account(std::string ns, std::string name, deadline d) override {
    ++requests;
    co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return co_await inner.get_service_account(std::move(ns), std::move(name), d);
  }
  awaitable<result<service_account_token>> request_token(std::string, std::string, std::string, deadline) override {
    co_return fail(error_code::internal, "not used");
  }

 private:
  asio::steady_timer gate_;
};

struct PullSecrets : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  std::shared_ptr<fake_kube_api> api = std::make_shared<fake_kube_api>();
  pull_secrets::sources node;
  std::vector<tenant> behind_tenants;
  std::optional<pull_secrets> tenants;

  PullSecrets() {
    api->set_service_account("team-a", "default", account({}));
    open();
  }
  void open(const pull_secrets_options& options = {}) { open(api, options); }
  void open(std::shared_ptr<kube::api> reads, const pull_secrets_options& options = {}) {
    tenants.emplace(
        std::move(reads), io.get_executor(), time,
        [this](const tenant& owner) {
          behind_tenants.push_back(owner);
          return node;
        },
        options);
  }
  source of(tenant owner, deadline d = deadline::never()) {
    auto out = testing::run_on(io, tenants->credentials_of(std::move(owner), d));
    settle();
    return out;
  }
  void settle() {
    io.restart();
    io.poll();
  }
  // "regcred of team-a": user names in the order in which they are tried.
  std::vector<std::string> users(const source& from) {
    const auto got = testing::run_on(io, from->credentials_for(image, deadline::never()));
    std::vector<std::string> out;
    if (got)
      for (const auto& c : *got) out.push_back(c.username);
    return out;
  }
  std::vector<std::string> users(tenant owner) {
    const source from = of(std::move(owner));
    return users(from);
  }
};

std::vector<std::string> troubles(const source& of) {
  std::vector<std::string> out;
  for (const error& e : of->troubles()) out.push_back(e.message);
  return out;
}

tenant team_a(std::vector<std::string> names, std::string service_account = {}) {
  return {"team-a", std::move(service_account), std::move(names)};
}

TEST_F(PullSecrets, AreThoseOfThePodThenOfTheServiceAccountThenWhatStandsBehind) {
  api->set_secret("team-a", "one", for_r_io("1"));
  api->set_secret("team-a", "two", for_r_io("2"));
  api->set_secret("team-a", "builder-secret", for_r_io("3"));
  api->set_service_account("team-a", "builder", account({"two", "builder-secret"}));
  node = {fake_credentials::make("node")};
  EXPECT_THAT(users(team_a({"two", "one"}, "builder")), ElementsAre("2", "1", "3", "node"));
  EXPECT_THAT(api->calls(),
              UnorderedElementsAre("get secrets team-a/two", "get secrets team-a/one",
                                   "get serviceaccounts team-a/builder", "get secrets team-a/builder-secret"));
  ASSERT_EQ(behind_tenants.size(), 1U);
  EXPECT_EQ(behind_tenants.front(), team_a({"two", "one"}, "builder"));
}

// Images of r.io alone are covered; the mirror's secret is that of the service account.
TEST_F(PullSecrets, OfPodAndServiceAccountAreShownToMirrorsWhereTheClusterSaysSo) {
  const auto grants = std::make_shared<registry::mirror_grants>();
  grants->use({registry::parse_image_pattern(image.registry()).value()});
  pull_secrets_options options;
  options.grants = grants;
  open(options);
  api->set_secret("team-a", "one", for_r_io("1"));
  api->set_secret("team-a", "two", for_r_io("2"));
  api->set_service_account("team-a", "default", account({"two"}));
  node = {fake_credentials::make("node")};
  const source got = of(team_a({"one"}));
  EXPECT_THAT(users(got), ElementsAre("1", "2", "node")) << "for the registry as ever";
  const source shown = registry::for_mirror(got, nullptr, image);
  ASSERT_TRUE(shown);
  EXPECT_THAT(users(shown), ElementsAre("1", "2")) << "not what stands behind";
  grants->use({});
  EXPECT_FALSE(registry::for_mirror(got, nullptr, image));
}

TEST_F(PullSecrets, WithoutAServiceAccountItIsDefault) {
  api->set_secret("team-a", "usual", for_r_io("u"));
  api->set_service_account("team-a", "default", account({"usual"}));
  EXPECT_THAT(users(team_a({})), ElementsAre("u"));
  EXPECT_THAT(api->calls(), ElementsAre("get serviceaccounts team-a/default", "get secrets team-a/usual"));
}

TEST_F(PullSecrets, AreReadOnceWhileTheyAreFresh) {
  api->set_secret("team-a", "one", for_r_io("1"));
  const source first = of(team_a({"one"}));
  EXPECT_EQ(of(team_a({"one"})), first);
  EXPECT_EQ(tenants->held(team_a({"one"})), first);
  EXPECT_EQ(api->calls().size(), 2U);
  time.advance(19s);
  EXPECT_EQ(of(team_a({"one"})), first);
  EXPECT_EQ(api->calls().size(), 2U);
  EXPECT_EQ(tenants->held(team_a({})), nullptr);
}

TEST_F(PullSecrets, OfSeveralTenantsAreReadOnce) {
  api->set_secret("team-a", "one", for_r_io("1"));
  api->set_service_account("team-a", "other", account({}));
  of(team_a({"one"}));
  of(team_a({"one"}, "other"));
  EXPECT_EQ(api->calls("get secrets team-a/one"), 1U);
}

TEST_F(PullSecrets, ManyWhoAskAtTheSameTimeCauseOneRead) {
  api->set_secret("team-a", "one", for_r_io("1"));
  std::vector<awaitable<source>> all;
  for (int i = 0; i < 50; ++i) all.push_back(tenants->credentials_of(team_a({"one"}), deadline::never()));
  for (const source& s : testing::gather(io, std::move(all))) EXPECT_THAT(users(s), ElementsAre("1"));
  EXPECT_EQ(api->calls().size(), 2U);
}

TEST_F(PullSecrets, InUseAreReadAnewWhileTheOldOnesServe) {
  api->set_secret("team-a", "one", for_r_io("old"));
  const source old = of(team_a({"one"}));
  api->set_secret("team-a", "one", for_r_io("new"));
  time.advance(21s);
  EXPECT_EQ(of(team_a({"one"})), old) << "no caller waits";
  EXPECT_EQ(api->calls().size(), 4U);
  EXPECT_THAT(users(tenants->held(team_a({"one"}))), ElementsAre("new"));
  EXPECT_EQ(of(team_a({"one"})), tenants->held(team_a({"one"})));
  EXPECT_EQ(api->calls().size(), 4U);
}

TEST_F(PullSecrets, ThatChangedCountWithinTheirTime) {
  api->set_secret("team-a", "one", for_r_io("old"));
  of(team_a({"one"}));
  api->set_secret("team-a", "one", for_r_io("new"));
  time.advance(30s);
  EXPECT_EQ(tenants->held(team_a({"one"})), nullptr);
  EXPECT_THAT(users(team_a({"one"})), ElementsAre("new"));
}

// Another tenant's read of the same secret does not make this one's sources last longer than the secret.
TEST_F(PullSecrets, ASourceLastsAsLongAsTheOldestOfItsReads) {
  api->set_secret("team-a", "one", for_r_io("old"));
  of(team_a({"one"}));
  time.advance(15s);
  api->set_service_account("team-a", "late", account({}));
  of(team_a({"one"}, "late"));
  api->set_secret("team-a", "one", for_r_io("new"));
  time.advance(15s);
  EXPECT_EQ(tenants->held(team_a({"one"}, "late")), nullptr);
  EXPECT_THAT(users(team_a({"one"}, "late")), ElementsAre("new"));
}

TEST_F(PullSecrets, ThatAreNotThereArePassedOverAndSaidSo) {
  api->set_secret("team-a", "two", for_r_io("2"));
  const source got = of(team_a({"one", "two"}));
  EXPECT_THAT(users(got), ElementsAre("2"));
  EXPECT_THAT(troubles(got),
              ElementsAre(R"(pull secret one of namespace team-a: secrets "one" not found in namespace team-a)"));
  EXPECT_EQ(got->troubles().front().code, error_code::not_found);
}

TEST_F(PullSecrets, ThatComeLaterCountSoon) {
  of(team_a({"one"}));
  api->set_secret("team-a", "one", for_r_io("1"));
  of(team_a({"one"}));
  EXPECT_EQ(api->calls("get secrets team-a/one"), 1U);
  time.advance(5s);
  EXPECT_THAT(users(team_a({"one"})), IsEmpty()) << "the old answer serves meanwhile";
  EXPECT_THAT(users(team_a({"one"})), ElementsAre("1"));
}

TEST_F(PullSecrets, WhateverIsWrongWithOneIsSaid) {
  secret_object opaque = for_r_io("u");
  opaque.type = "Opaque";
  secret_object empty;
  empty.type = "kubernetes.io/dockerconfigjson";
  secret_object old;
  old.type = "kubernetes.io/dockercfg";
  old.data.emplace(".dockercfg", secret(R"({"r.io":{"auth":"dTpw"}})"));
  api->set_secret("team-a", "opaque", opaque);
  api->set_secret("team-a", "empty", empty);
  api->set_secret("team-a", "old", old);
  api->set_secret("team-a", "broken", fake_kube_api::docker_secret(R"({"auths":{"r.io":{"auth":"hunter2*"}}})"));
  api->fail("get secrets team-a/forbidden", {error_code::denied, "RBAC: get secrets", std::nullopt});
  const source got = of(team_a({"opaque", "empty", "broken", "forbidden", "old"}));
  EXPECT_THAT(users(got), ElementsAre("u"));
  EXPECT_THAT(troubles(got),
              ElementsAre("pull secret opaque of namespace team-a: its type is \"Opaque\", not "
                          "kubernetes.io/dockerconfigjson",
                          "pull secret empty of namespace team-a: it has no .dockerconfigjson",
                          "pull secret broken of namespace team-a: .dockerconfigjson: \"r.io\": \"auth\" is not base64",
                          "pull secret forbidden of namespace team-a: RBAC: get secrets"));
}

TEST_F(PullSecrets, AServiceAccountThatCannotBeReadIsSaid) {
  api->set_secret("team-a", "one", for_r_io("1"));
  const source got = of(team_a({"one"}, "gone"));
  EXPECT_THAT(users(got), ElementsAre("1"));
  EXPECT_THAT(troubles(got), ElementsAre(HasSubstr("service account gone of namespace team-a: ")));
}

TEST_F(PullSecrets, NamesThatCanBeNoneAreQuoted) {
  const source got = of(team_a({"a\nb"}));
  EXPECT_THAT(troubles(got), ElementsAre(HasSubstr(R"(pull secret "a\x0ab" of namespace team-a: )")));
}

TEST_F(PullSecrets, TemporaryTroublesAreHeldForAShortTime) {
  api->set_secret("team-a", "one", for_r_io("1"));
  api->fail("get secrets team-a/one", {error_code::unavailable, "503", std::nullopt});
  const source got = of(team_a({"one"}));
  EXPECT_EQ(got->troubles().front().code, error_code::unavailable);
  EXPECT_EQ(of(team_a({"one"})), got);
  api->heal();
  time.advance(5s);
  EXPECT_EQ(tenants->held(team_a({"one"})), nullptr);
  EXPECT_THAT(users(team_a({"one"})), ElementsAre("1"));
}

TEST_F(PullSecrets, TemporaryTroublesDoNotTakeAwayWhatIsStillFresh) {
  api->set_secret("team-a", "one", for_r_io("1"));
  const source good = of(team_a({"one"}));
  api->fail("", {error_code::unavailable, "503", std::nullopt});
  time.advance(21s);
  EXPECT_EQ(of(team_a({"one"})), good);
  EXPECT_EQ(tenants->held(team_a({"one"})), good);
  const auto before = api->calls().size();
  of(team_a({"one"}));
  EXPECT_EQ(api->calls().size(), before) << "not at once again";
  time.advance(5s);
  of(team_a({"one"}));
  EXPECT_GT(api->calls().size(), before);
  time.advance(4s);
  EXPECT_THAT(users(team_a({"one"})), IsEmpty());
}

TEST_F(PullSecrets, ThatWereTakenAwayDoNotServeOn) {
  api->set_secret("team-a", "one", for_r_io("1"));
  of(team_a({"one"}));
  api->remove_secret("team-a", "one");
  time.advance(21s);
  of(team_a({"one"}));
  EXPECT_THAT(users(tenants->held(team_a({"one"}))), IsEmpty());
}

TEST_F(PullSecrets, OfOtherNamespacesThanThoseAllowedAreNotRead) {
  pull_secrets_options options;
  options.namespaces = {"team-b"};
  open(options);
  node = {fake_credentials::make("node")};
  const source got = of(team_a({"one"}));
  EXPECT_THAT(users(got), ElementsAre("node"));
  EXPECT_THAT(troubles(got), ElementsAre("the pull secrets of namespace team-a are not among those that are read"));
  EXPECT_THAT(troubles(of(team_a({}))), IsEmpty());
  EXPECT_THAT(api->calls(), IsEmpty());
  EXPECT_FALSE(tenants->reads_pull_secrets(team_a({"one"})));
  EXPECT_TRUE(tenants->reads_pull_secrets({"team-b", "", {}}));
  of({"team-b", "", {}});
  EXPECT_EQ(api->calls().size(), 1U);
}

TEST_F(PullSecrets, ObjectsWithoutANamespaceHaveNone) {
  node = {fake_credentials::make("node")};
  EXPECT_FALSE(tenants->reads_pull_secrets({"", "", {"one"}}));
  EXPECT_THAT(users(tenant{"", "", {"one"}}), ElementsAre("node"));
  EXPECT_THAT(api->calls(), IsEmpty());
}

TEST_F(PullSecrets, WithoutAnApiOnlyWhatStandsBehindCounts) {
  open(nullptr);
  node = {fake_credentials::make("node")};
  const source got = tenants->held(team_a({"one"}));
  ASSERT_NE(got, nullptr) << "nothing has to be read";
  EXPECT_EQ(of(team_a({"one"})), got);
  EXPECT_THAT(users(got), ElementsAre("node"));
  EXPECT_THAT(troubles(got), IsEmpty());
  EXPECT_EQ(behind_tenants.size(), 1U);
  EXPECT_FALSE(tenants->reads_pull_secrets(team_a({"one"})));
}

TEST_F(PullSecrets, MoreThanTheLimitArePassedOver) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= max_pull_secrets; ++i) names.push_back("s" + std::to_string(i));
  for (const auto& name : names) api->set_secret("team-a", name, for_r_io(name));
  api->set_service_account("team-a", "default", account(names));
  const auto got = users(team_a(names));
  EXPECT_EQ(got.size(), max_pull_secrets + 1) << "the last of the Pod's is the service account's only one";
  EXPECT_EQ(users(team_a({})).size(), max_pull_secrets);
}

TEST_F(PullSecrets, NamesThatStandTwiceAreReadAndTriedOnce) {
  api->set_secret("team-a", "one", for_r_io("1"));
  EXPECT_THAT(users(team_a({"one", "", "one"})), ElementsAre("1"));
}

TEST_F(PullSecrets, OnlySoManyTenantsAreHeld) {
  pull_secrets_options options;
  options.capacity = 3;
  open(options);
  for (int i = 0; i < 5; ++i) {
    of({fmt::format("ns-{}", i), "", {}});
    time.advance(1s);
  }
  int held = 0;
  for (int i = 0; i < 5; ++i) held += tenants->held({fmt::format("ns-{}", i), "", {}}) != nullptr ? 1 : 0;
  EXPECT_EQ(held, 3);
  EXPECT_NE(tenants->held({"ns-4", "", {}}), nullptr);
}

TEST_F(PullSecrets, AreNotWaitedForLongerThanTheLimit) {
  const auto slow = std::make_shared<slow_api>(io);
  slow->inner.set_secret("team-a", "one", for_r_io("1"));
  slow->inner.set_service_account("team-a", "default", account({}));
  pull_secrets_options options;
  options.read_limit = 10ms;
  open(slow, options);
  const source got = testing::run_on(io, tenants->credentials_of(team_a({"one"}), deadline::never()));
  EXPECT_THAT(troubles(got), ElementsAre(HasSubstr("pull secret one of namespace team-a: "),
                                         HasSubstr("service account default of namespace team-a: ")));
  EXPECT_TRUE(is_temporary(got->troubles().front().code));
  EXPECT_EQ(slow->requests, 2) << "all at the same time";
  slow->answer();
  settle();
  time.advance(5s);
  EXPECT_THAT(users(team_a({"one"})), ElementsAre("1"));
  EXPECT_EQ(slow->requests, 2) << "the read continued and its answer was kept";
}

TEST_F(PullSecrets, AreNotWaitedForLongerThanTheRequestHas) {
  const auto slow = std::make_shared<slow_api>(io);
  pull_secrets_options options;
  options.read_limit = 1h;
  open(slow, options);
  const source got = testing::run_on(io, tenants->credentials_of(team_a({"one"}), deadline::after(time.now(), 10ms)));
  EXPECT_EQ(got->troubles().size(), 2U);
}

// As a request that is no longer waited for in the end.
awaitable<void> keep(pull_secrets& from, tenant owner, std::shared_ptr<std::optional<source>> out) {
  auto made = co_await from.credentials_of(std::move(owner), deadline::never());
  *out = std::move(made);
}

TEST_F(PullSecrets, ARequestThatIsGivenUpLeavesWhatItAskedForToTheNext) {
  const auto slow = std::make_shared<slow_api>(io);
  slow->inner.set_secret("team-a", "one", for_r_io("1"));
  slow->inner.set_service_account("team-a", "default", account({}));
  open(slow);
  asio::cancellation_signal stop;
  const auto got = std::make_shared<std::optional<source>>();
  asio::co_spawn(io, keep(*tenants, team_a({"one"}), got),
                 asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
  settle();
  EXPECT_EQ(slow->requests, 2);
  stop.emit(asio::cancellation_type::terminal);
  settle();
  ASSERT_TRUE(*got);
  EXPECT_THAT(troubles(**got), ElementsAre("the read of the pull secrets of namespace team-a was canceled"));
  slow->answer();
  settle();
  EXPECT_NE(tenants->held(team_a({"one"})), nullptr);
  EXPECT_EQ(slow->requests, 2);
}

TEST_F(PullSecrets, GoWhileReadsAreUnderWay) {
  const auto slow = std::make_shared<slow_api>(io);
  const std::weak_ptr<slow_api> alive = slow;
  open(slow);
  const auto got = std::make_shared<std::optional<source>>();
  asio::co_spawn(io, keep(*tenants, team_a({"one"}), got), [](const std::exception_ptr&) {});
  settle();
  EXPECT_EQ(slow->requests, 2);
  tenants.reset();
  settle();
  ASSERT_TRUE(*got) << "the waiting caller gets an answer";
  EXPECT_EQ((**got)->troubles().front().code, error_code::canceled);
}

TEST_F(PullSecrets, AnIoContextMayGoBeforeTheirReadsHaveEnded) {
  auto own = std::make_unique<asio::io_context>(1);
  auto slow = std::make_shared<slow_api>(*own);
  {
    pull_secrets short_lived(slow, own->get_executor(), time, [](const tenant&) { return pull_secrets::sources{}; });
    const auto got = std::make_shared<std::optional<source>>();
    asio::co_spawn(*own, keep(short_lived, team_a({"one"}), got), [](const std::exception_ptr&) {});
    own->poll();
    EXPECT_EQ(slow->requests, 2);
  }
  // Its timers belong to the io_context: only the reads hold it now, and end with it.
  const std::weak_ptr<slow_api> last = slow;
  slow.reset();
  own.reset();
  EXPECT_TRUE(last.expired());
}

TEST_F(PullSecrets, TheirIdentityIsThatOfTheSecretsAndNotOfTheNamespace) {
  api->set_secret("team-a", "one", for_r_io("1"));
  api->set_secret("team-b", "one", for_r_io("1"));
  api->set_secret("team-c", "one", for_r_io("2"));
  const std::string a = of(team_a({"one"}))->identity_for(image);
  EXPECT_EQ(of({"team-b", "", {"one"}})->identity_for(image), a);
  EXPECT_NE(of({"team-c", "", {"one"}})->identity_for(image), a);
  EXPECT_EQ(of({"team-d", "", {"one"}})->identity_for(image), "anonymous");
}

TEST_F(PullSecrets, MessagesHoldNothingOfTheirContent) {
  api->set_secret("team-a", "one", fake_kube_api::docker_secret("hunter2"));
  api->set_secret("team-a", "two", fake_kube_api::docker_secret(R"({"auths":{"r.io":{"auth":"aHVudGVyMg=="}}})"));
  for (const auto& trouble : troubles(of(team_a({"one", "two"}))))
    EXPECT_THAT(trouble, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("aHVudGVy"))));
}

// Workers on threads of their own, one control thread, secrets that change meanwhile.
TEST(PullSecretsOnThreads, AreReadOnTheControlThreadAlone) {
  asio::io_context control{1};
  auto work = asio::make_work_guard(control);
  testing::fake_clock time;
  const auto api = std::make_shared<fake_kube_api>();
  std::atomic<int> elsewhere{0};
  std::thread runner([&] { control.run(); });
  const auto on_control = runner.get_id();
  api->when_asked([&](const std::string&) { elsewhere += std::this_thread::get_id() == on_control ? 0 : 1; });
  for (const char* ns : {"a", "b"}) api->set_service_account(ns, "default", account({}));
  {
    pull_secrets_options options;
    options.retry_after = 1ms;
    pull_secrets tenants(
        api, control.get_executor(), time, [](const tenant&) { return pull_secrets::sources{}; }, options);
    std::vector<std::thread> workers;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t)
      workers.emplace_back([&, t] {
        asio::io_context io(1);
        for (int i = 0; i < 300; ++i) {
          const std::string ns = (t + i) % 2 == 0 ? "a" : "b";
          const auto got = testing::run_on(io, tenants.credentials_of({ns, "", {"s"}}, deadline::never()));
          const auto all = testing::run_on(io, got->credentials_for(image, deadline::never())).value();
          if (!all.empty() && !all.front().username.starts_with(ns)) ++wrong;
          if (i % 10 == 0) time.advance(7s);
          if (i % 7 == 0) api->set_secret(ns, "s", for_r_io(ns + std::to_string(i)));
        }
      });
    for (auto& w : workers) w.join();
    EXPECT_EQ(wrong, 0);
  }
  work.reset();
  runner.join();
  EXPECT_EQ(elsewhere, 0);
  EXPECT_FALSE(api->calls().empty());
}

TEST_F(PullSecrets, OfANamespaceThatHasNotOptedInAreNotRead) {
  pull_secrets_options options;
  options.labels = label_check::where_allowed;
  open(options);
  api->set_secret("team-a", "one", for_r_io("1"));
  api->set_namespace("team-a", "");
  node = {fake_credentials::make("node")};
  const source none = of(team_a({"one"}));
  EXPECT_THAT(users(none), IsEmpty()) << "not those behind the secrets either";
  EXPECT_THAT(troubles(none), ElementsAre(HasSubstr("no credentials are used for namespace team-a")));
  EXPECT_THAT(api->calls(), ElementsAre("get namespaces team-a")) << "no secret is read, nor the service account";
  EXPECT_TRUE(behind_tenants.empty());

  api->set_namespace("team-a", "enforce");
  time.advance(5s);
  EXPECT_THAT(users(team_a({"one"})), ElementsAre("1", "node"));
  api->set_namespace("team-a", "");
  time.advance(30s);
  EXPECT_THAT(users(team_a({"one"})), IsEmpty());
}

}  // namespace
}  // namespace pinhook::kube
