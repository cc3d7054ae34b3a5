// Mirrors before the registry: order, time, trouble, credentials.
#include "resolver_world.hpp"
#include "support/certificates.hpp"

#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/lookup_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using testing::fake_credentials;
using ::testing::HasSubstr;
using testing::query_of;

const std::string nginx = "docker.io/library/nginx:1";

registry::mirror_setting mirror(const std::string& url) {
  registry::mirror_setting out;
  out.url = url;
  return out;
}
error down(const std::string& message = "connection refused") { return {error_code::unavailable, message, {}}; }

struct Mirrors : testing::resolver_world {
  std::shared_ptr<fake_credentials> tenant = fake_credentials::make("tenant");
  Mirrors() { client.holds(nginx, digest_of_digit('a')); }

  void have(std::vector<registry::mirror_setting> all) {
    registry::route_options ways;
    ways.mirrors["docker.io"] = std::move(all);
    options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
    TearDown();
    open();
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& call : client.calls()) out.push_back(call.by + " as " + call.source);
    return out;
  }
};

TEST_F(Mirrors, TheFirstThatAnswersIsTheAnswer) {
  have({mirror("https://one.corp"), mirror("https://two.corp:5000")});
  client.route_says("one.corp", pinhook::fail(error_code::not_found, "no such tag"));
  client.route_says("two.corp:5000", digest_of_digit('b'));
  const auto got = ask(query_of(nginx, tenant));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->digest, digest_of_digit('b'));
  EXPECT_THAT(asked(), ElementsAre("one.corp as anonymous", "two.corp:5000 as anonymous"));
  EXPECT_EQ(tenant->asked(), 0) << "no secret was needed";
}

TEST_F(Mirrors, AnyFailureFallsThroughToTheRegistry) {
  for (const auto code : {error_code::not_found, error_code::unauthorized, error_code::denied, error_code::malformed,
                          error_code::unavailable, error_code::timed_out, error_code::rate_limited,
                          error_code::unsupported, error_code::invalid_input, error_code::internal}) {
    SCOPED_TRACE(to_string(code));
    have({mirror("https://one.corp")});
    client.route_says("one.corp", pinhook::fail(code, "refused"));
    const auto before = client.count();
    const auto got = ask(query_of(nginx, tenant));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->digest, digest_of_digit('a'));
    ASSERT_EQ(client.count(), before + 2);
    EXPECT_EQ(client.calls().back().by, "docker.io");
    EXPECT_EQ(client.calls().back().source, "tenant");
  }
}

// A registries.conf that moves the registry elsewhere: that place is no mirror, and there is nothing after it.
TEST_F(Mirrors, ASourceElsewhereHasTheLastWordAndNoTenantsSecret) {
  registry::route_options ways;
  const std::string conf =
      "[[registry]]\nprefix = \"docker.io\"\nlocation = \"s.corp/hub\"\n[[registry.mirror]]\nlocation = \"m.corp\"\n";
  ways.conf = std::make_shared<registry::node_conf>(registry::parse_registries_conf(conf, "/r.conf").value());
  options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
  TearDown();
  open();
  client.route_says("m.corp", pinhook::fail(error_code::unavailable, "no connection"));
  client.route_says("s.corp", pinhook::fail(error_code::not_found, "no such tag"));
  const auto got = ask(query_of(nginx, tenant));
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("no such tag; mirror m.corp: no connection"));
  client.route_says("s.corp", digest_of_digit('b'));
  const auto then = ask(query_of("docker.io/library/nginx:2", tenant));
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(then->digest, digest_of_digit('b'));
  EXPECT_THAT(asked(), ElementsAre("m.corp as anonymous", "s.corp as anonymous", "s.corp as anonymous"));
  EXPECT_EQ(tenant->asked(), 0) << "they are for another host";
}

TEST_F(Mirrors, OnceAFlightNotOnceACredential) {
  have({mirror("https://one.corp")});
  client.route_says("one.corp", pinhook::fail(error_code::not_found, "no"));
  tenant->set("tenant", {fake_credentials::credential_named("a"), fake_credentials::credential_named("b")});
  client.refuses_source("a", {error_code::denied, "no", {}});
  EXPECT_TRUE(ask(query_of(nginx, tenant)));
  EXPECT_THAT(asked(), ElementsAre("one.corp as anonymous", "docker.io as a", "docker.io as b"));
}

TEST_F(Mirrors, WithoutResolveItIsNotAskedForATag) {
  auto pull_only = mirror("https://one.corp");
  pull_only.can_resolve = false;
  have({pull_only});
  client.route_says("one.corp", digest_of_digit('b'));
  EXPECT_EQ(ask(nginx).value().digest, digest_of_digit('a'));
  EXPECT_THAT(asked(), ElementsAre("docker.io as anonymous"));
}

TEST_F(Mirrors, OneThatIsDownRestsAndCostsNothing) {
  have({mirror("https://one.corp")});
  client.route_says("one.corp", pinhook::fail(down()));
  for (int i = 0; i < 5; ++i) {
    const std::string ref = "docker.io/library/nginx:" + std::to_string(i);
    client.holds(ref, digest_of_digit('c'));
    EXPECT_TRUE(ask(ref));
  }
  int at_mirror = 0;
  for (const auto& call : client.calls()) at_mirror += call.by == "one.corp" ? 1 : 0;
  EXPECT_EQ(at_mirror, 1);
  // After its rest it is tried again.
  client.route_says("one.corp", digest_of_digit('d'));
  time.advance(2s);
  client.holds("docker.io/library/nginx:new", digest_of_digit('c'));
  EXPECT_EQ(ask("docker.io/library/nginx:new").value().digest, digest_of_digit('d'));
}

TEST_F(Mirrors, OneThatHangsTakesItsShareAlone) {
  have({mirror("https://one.corp"), mirror("https://two.corp")});
  std::vector<std::chrono::nanoseconds> taken;
  const auto hang = [&](deadline d) {
    taken.push_back(d.remaining(time.clock.now()));
    time.clock.advance(taken.back());
  };
  client.route_hangs("one.corp", hang);
  client.route_hangs("two.corp", hang);
  const auto p = start(query_of(nginx), 9s);
  ASSERT_TRUE(p->is_done());
  EXPECT_TRUE(p->only());
  EXPECT_THAT(taken, ElementsAre(3s, 2s));
}

TEST_F(Mirrors, ADialTimeoutMakesTheShareSmaller) {
  auto quick = mirror("https://one.corp");
  quick.dial_timeout = 200ms;
  have({quick});
  std::vector<std::chrono::nanoseconds> taken;
  client.route_hangs("one.corp", [&](deadline d) {
    taken.push_back(d.remaining(time.clock.now()));
    time.clock.advance(taken.back());
  });
  const auto p = start(query_of(nginx), 60s);
  ASSERT_TRUE(p->is_done());
  EXPECT_THAT(taken, ElementsAre(2200ms));
}

TEST_F(Mirrors, TheVerdictNamesTheMirrorsThatFailed) {
  have({mirror("https://one.corp"), mirror("https://two.corp")});
  client.route_says("one.corp", pinhook::fail(error_code::not_found, "no such tag there"));
  client.route_says("two.corp", pinhook::fail(error_code::denied, "not for you"));
  client.fails(nginx, {error_code::not_found, "no such tag", {}});
  const auto got = ask(nginx);
  EXPECT_EQ(got.error().code, error_code::not_found);
  EXPECT_EQ(got.error().message, "no such tag; mirror one.corp: no such tag there; mirror two.corp: not for you");
  client.route_says("one.corp", pinhook::fail(down()));
  time.advance(10s);
  EXPECT_EQ(ask(nginx).error().code, error_code::unavailable) << "the mirror might have had it";
}

TEST_F(Mirrors, AnswerWhileTheRegistryIsInTrouble) {
  have({mirror("https://one.corp")});
  client.route_says("one.corp", pinhook::fail(error_code::not_found, "no"));
  client.fails(nginx, down());
  EXPECT_FALSE(ask(nginx));
  // docker.io rests now; the mirror knows the next image.
  client.route_says("one.corp", digest_of_digit('b'));
  EXPECT_EQ(ask("docker.io/library/redis:7").value().digest, digest_of_digit('b'));
}

TEST_F(Mirrors, WhenEverybodyRestsNobodyIsAsked) {
  have({mirror("https://one.corp")});
  client.route_says("one.corp", pinhook::fail(down()));
  client.fails(nginx, down());
  EXPECT_FALSE(ask(nginx));
  const auto before = client.count();
  EXPECT_EQ(ask_in_haste("docker.io/library/nginx:2").error().code, error_code::unavailable);
  EXPECT_EQ(client.count(), before);
}

TEST_F(Mirrors, SeeTheProcessesCredentialsForTheirOwnHost) {
  const auto own = fake_credentials::make("node");
  options.mirror_credentials = own;
  have({mirror("https://harbor.corp/v2/hub")});
  client.route_says("harbor.corp", digest_of_digit('b'));
  EXPECT_TRUE(ask(query_of(nginx, tenant)));
  EXPECT_THAT(asked(), ElementsAre("harbor.corp as node"));
  EXPECT_EQ(tenant->asked(), 0);
}

// Where nodes show mirrors the secrets of namespaces.
struct GrantedMirrors : Mirrors {
  std::shared_ptr<registry::mirror_grants> grants = std::make_shared<registry::mirror_grants>();

  void SetUp() override {
    Mirrors::SetUp();
    grants->use({registry::parse_image_pattern("docker.io").value()});
    registry::route_options ways;
    const std::string conf = "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"m.corp/hub\"\n";
    ways.conf = std::make_shared<registry::node_conf>(registry::parse_registries_conf(conf, "/r.conf").value());
    ways.mirrors["quay.io"] = {mirror("https://one.corp")};
    options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
    options.mirror_credentials = fake_credentials::make("node");
    TearDown();
    open();
  }
  std::shared_ptr<registry::credential_source> of(const std::string& name, const std::string& host = "m.corp") {
    const secret text(R"({"auths":{")" + host + R"(":{"username":"u","password":")" + name + R"("}}})");
    auto entries = registry::parse_pull_secret(registry::pull_secret_form::config_json, text, name).value();
    return std::make_shared<registry::granted_credentials>(tenant, std::move(entries), grants);
  }
};

TEST_F(GrantedMirrors, AreShownTheTenantsSecretsAndThenTheProcesses) {
  client.route_says("m.corp", pinhook::fail(error_code::denied, "not yours"));
  EXPECT_EQ(ask(query_of(nginx, of("a"))).value().digest, digest_of_digit('a')) << "that of the registry";
  ASSERT_EQ(asked().size(), 3U);
  EXPECT_EQ(asked()[0], "m.corp as pull secret a");
  EXPECT_EQ(asked()[1], "m.corp as node");
}

TEST_F(GrantedMirrors, OneTenantsMirrorNeverAnswersForAnother) {
  const auto a = of("a");
  const auto b = of("b");
  client.route_says("m.corp", digest_of_digit('b'));
  EXPECT_EQ(ask(query_of(nginx, a)).value().digest, digest_of_digit('b'));
  EXPECT_FALSE(tags->known(query_of(nginx, b)));
  EXPECT_FALSE(tags->known(query_of(nginx, tenant)));
  client.route_says("m.corp", pinhook::fail(error_code::denied, "not yours"));
  EXPECT_EQ(ask(query_of(nginx, b)).value().digest, digest_of_digit('a')) << "that of the registry";
  EXPECT_EQ(ask(query_of(nginx, a)).value().from, origin::cache);
}

TEST_F(GrantedMirrors, AGrantThatEndsUnderWayShowsNothing) {
  client.route_says("m.corp", digest_of_digit('b'));
  const auto a = of("a");
  EXPECT_TRUE(ask(query_of(nginx, a)));
  grants->use({});
  EXPECT_EQ(ask(query_of("docker.io/library/nginx:2", a)).value().digest, digest_of_digit('b'));
  EXPECT_THAT(asked(), ElementsAre("m.corp as pull secret a", "m.corp as node"));
}

TEST_F(GrantedMirrors, AreThoseOfARegistriesConfAlone) {
  grants->use({registry::parse_image_pattern("quay.io").value()});
  client.route_says("one.corp", digest_of_digit('b'));
  EXPECT_TRUE(ask(query_of("quay.io/acme/app:1", of("a", "one.corp"))));
  EXPECT_THAT(asked(), ElementsAre("one.corp as node"));
}

TEST_F(Mirrors, AnAnswerStandsUnderTheKeyOfWhoAsked) {
  have({mirror("https://one.corp")});
  client.route_says("one.corp", digest_of_digit('b'));
  EXPECT_TRUE(ask(query_of(nginx, tenant)));
  EXPECT_TRUE(tags->known(query_of(nginx, tenant)));
  EXPECT_FALSE(tags->known(query_of(nginx, fake_credentials::make("other"))));
}

TEST_F(Mirrors, NobodyWithResolveIsARefusal) {
  const auto directory = testing::temporary_directory();
  std::filesystem::create_directory(directory.path() / "docker.io");
  directory.write("docker.io/hosts.toml", "server = \"https://docker.io\"\ncapabilities = [\"pull\"]\n");
  registry::route_options ways;
  ways.directories = {directory.path().string()};
  options.routes = std::make_shared<registry::route_table>(ways, time.clock);
  TearDown();
  open();
  const auto got = ask(nginx);
  EXPECT_EQ(got.error().code, error_code::denied);
  EXPECT_THAT(got.error().message, HasSubstr("hosts.toml gives no host the capability resolve"));
  EXPECT_EQ(client.count(), 0U);
}

TEST_F(Mirrors, TheRegistryMayBeReplacedAltogether) {
  const auto directory = testing::temporary_directory();
  std::filesystem::create_directory(directory.path() / "docker.io");
  directory.write("docker.io/hosts.toml", "server = \"https://only.corp\"\n");
  registry::route_options ways;
  ways.directories = {directory.path().string()};
  options.routes = std::make_shared<registry::route_table>(ways, time.clock);
  TearDown();
  open();
  client.route_says("only.corp", pinhook::fail(error_code::not_found, "no such tag"));
  const auto got = ask(query_of(nginx, tenant));
  EXPECT_EQ(got.error(), (error{error_code::not_found, "no such tag", {}}));
  EXPECT_THAT(asked(), ElementsAre("only.corp as anonymous"));
  EXPECT_EQ(tenant->asked(), 0);
}

TEST_F(Mirrors, ADirectoryThatCannotBeReadIsNoLicenceToAskTheRegistry) {
  const auto directory = testing::temporary_directory();
  std::filesystem::create_directories(directory.path() / "docker.io" / "hosts.toml");
  registry::route_options ways;
  ways.directories = {directory.path().string()};
  options.routes = std::make_shared<registry::route_table>(ways, time.clock);
  TearDown();
  open();
  const auto got = ask(nginx);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, HasSubstr("hosts.toml"));
  EXPECT_EQ(client.count(), 0U);
}

TEST(ReferenceAt, IsTheMirrorsOwnNameForTheImage) {
  const struct {
    const char* url;
    const char* ref;
    const char* expected;
  } rows[] = {
      {"https://m.corp", "nginx:1", "m.corp/library/nginx:1"},
      {"http://m.corp:5000/", "nginx", "m.corp:5000/library/nginx:latest"},
      {"https://harbor.corp/v2/hub", "nginx:1", "harbor.corp/hub/library/nginx:1"},
      {"https://harbor.corp/hub/v2", "nginx:1", "harbor.corp/hub/library/nginx:1"},
      {"https://harbor.corp/UPPER", "nginx:1", ""},
  };
  for (const auto& row : rows) {
    const auto ref = registry::reference::parse(row.ref).value();
    const auto made = registry::make_route(mirror(row.url), ref);
    ASSERT_TRUE(made) << row.url;
    const auto got = reference_at(*made, ref);
    EXPECT_EQ(got ? got->canonical() : "", row.expected) << row.url;
  }
}

}  // namespace
}  // namespace pinhook::resolve
