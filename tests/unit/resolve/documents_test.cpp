// Documents beside an image are read like tags are resolved: same routes, credentials and places in line.
#include "resolver_world.hpp"

#include <pinhook/registry/route_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using testing::fake_credentials;
using ::testing::HasSubstr;
using testing::query_of;
using kind = registry::document_name::kind;

const std::string repository = "ghcr.io/acme/web";
const std::string image = repository + "@" + digest_of_digit('a').to_string();

struct Documents : testing::resolver_world {
  std::shared_ptr<fake_credentials> tenant = fake_credentials::make("tenant");

  Documents() { client.holds_document(repository, kind::manifest, "sha256-aa.sig", "signed"); }

  query document(const std::string& name, const std::string& owner = "shop") {
    query q = query_of(image, tenant);
    q.owner = owner;
    q.document = registry::document_name{kind::manifest, name, 1'000};
    return q;
  }
  std::string read(const std::string& name) {
    const auto got = ask(document(name));
    if (!got) return std::string(to_string(got.error().code));
    return got->document ? got->document->bytes : "no document";
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& call : client.calls()) out.push_back(call.canonical + " as " + call.source);
    return out;
  }
};

TEST_F(Documents, AreReadWithTheCredentialsOfTheQuery) {
  EXPECT_EQ(read("sha256-aa.sig"), "signed");
  EXPECT_EQ(read("sha256-bb.sig"), "not_found");
  EXPECT_THAT(asked(), ElementsAre(repository + " manifest sha256-aa.sig as tenant",
                                   repository + " manifest sha256-bb.sig as tenant"));
}

TEST_F(Documents, AreNeverCached) {
  EXPECT_EQ(read("sha256-aa.sig"), "signed");
  client.holds_document(repository, kind::manifest, "sha256-aa.sig", "signed again");
  EXPECT_EQ(read("sha256-aa.sig"), "signed again");
  EXPECT_EQ(read("sha256-bb.sig"), "not_found");
  client.holds_document(repository, kind::manifest, "sha256-bb.sig", "there now");
  EXPECT_EQ(read("sha256-bb.sig"), "there now");
  EXPECT_EQ(watch.count("miss") + watch.count("fresh"), 0) << "they are no look-ups of the cache";
}

// The digest of an image that was looked up is no answer about a document of it, nor the other way round.
TEST_F(Documents, AreApartFromDigests) {
  client.holds(image, digest_of_digit('a'));
  ASSERT_TRUE(ask(query_of(image, tenant)));
  EXPECT_EQ(read("sha256-aa.sig"), "signed");
  const auto again = ask(query_of(image, tenant));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->document, nullptr);
  EXPECT_EQ(again->from, origin::cache);
}

TEST_F(Documents, EqualOnesAreAskedForOnceAtATime) {
  client.hang();
  const auto one = start(document("sha256-aa.sig"));
  const auto other = start(document("sha256-aa.sig", "bank"));
  const auto different = start(document("sha256-bb.sig"));
  EXPECT_EQ(client.count(), 2U);
  client.release();
  settle();
  ASSERT_TRUE(one->is_done() && other->is_done() && different->is_done());
  EXPECT_EQ(one->only()->document->bytes, "signed");
  EXPECT_EQ(other->only()->document->bytes, "signed");
  EXPECT_FALSE(different->only());
}

// Without the gate a flood of images without signatures would take every connection.
TEST_F(Documents, TakePlacesInTheLineOfTheirHost) {
  options.gate.requests_per_host = 2;
  options.gate.reserved = 0;
  TearDown();
  open();
  client.hang();
  std::vector<std::shared_ptr<testing::pending_request>> all;
  for (int i = 0; i < 6; ++i) all.push_back(start(document("d" + std::to_string(i))));
  EXPECT_EQ(client.count(), 2U);
  client.release();
  settle();
  EXPECT_EQ(client.count(), 6U);
}

TEST_F(Documents, KeepTheDeadline) {
  client.hang();
  const auto p = start(document("sha256-aa.sig"), 1s);
  time.advance(1s);
  settle();
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(p->only().error().code, error_code::timed_out);
  client.release();
  settle();
}

// What complete mirrors lack is nowhere; a tag, which moves, is asked for at the registry nevertheless.
TEST_F(Documents, TheRegistryBehindCompleteMirrorsIsNotAsked) {
  const auto places = [&](const std::vector<std::string>& complete, const error& at_mirror, bool of_tag = false) {
    registry::route_options ways;
    for (const char* host : {"https://one.corp", "https://two.corp"}) {
      registry::mirror_setting mirror;
      mirror.url = host;
      ways.mirrors["ghcr.io"].push_back(mirror);
    }
    ways.complete = complete;
    options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
    TearDown();
    open();
    const std::size_t before = client.count();
    client.route_says("one.corp", fail(error_code::not_found, "unknown"));
    client.route_says("two.corp", fail(at_mirror));
    client.route_says("ghcr.io", fail(error_code::unavailable, "no connection"));
    const auto got = ask(of_tag ? query_of(repository + ":1", tenant) : document("sha256-aa.sig"));
    std::string out = got ? "found" : std::string(to_string(got.error().code));
    const auto calls = client.calls();
    for (std::size_t i = before; i < calls.size(); ++i) out += " " + calls[i].by;
    return out;
  };
  const error absent{error_code::not_found, "unknown", {}};
  const std::string all = " one.corp two.corp ghcr.io";
  EXPECT_EQ(places({}, absent), "unavailable" + all);
  EXPECT_EQ(places({"docker.io"}, absent), "unavailable" + all);
  EXPECT_EQ(places({"ghcr.io"}, absent), "not_found one.corp two.corp");
  EXPECT_EQ(places({"_default"}, absent), "not_found one.corp two.corp");
  EXPECT_EQ(places({"_default"}, {error_code::timed_out, "late", {}}), "unavailable" + all) << "it may have it";
  EXPECT_EQ(places({"_default"}, absent, true), "unavailable" + all);
}

TEST_F(Documents, AHostInTroubleIsNotAsked) {
  client.fails_next({error_code::unavailable, "connection refused", {}});
  client.fails_next({error_code::unavailable, "connection refused", {}});
  client.fails_next({error_code::unavailable, "connection refused", {}});
  for (int i = 0; i < 8; ++i) (void)start(document("d"), 1ms);
  time.advance(2ms);
  settle();
  EXPECT_LT(client.count(), 8U);
}

}  // namespace
}  // namespace pinhook::resolve
