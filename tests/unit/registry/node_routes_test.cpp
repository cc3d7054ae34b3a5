// The routes that registries.conf gives: which hosts are asked, under which names, with whose credentials.
#include "client_world.hpp"
#include "support/run.hpp"

#include <pinhook/registry/route_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NodeRoutes : public RegistryClient {
 protected:
  asio::io_context io{1};
  route_options options_;

  void use(const std::string& conf) {
    options_.conf = std::make_shared<node_conf>(parse_registries_conf(conf, "/r.conf").value());
  }
  result<std::shared_ptr<const routes>> find(const std::string& image) {
    route_table table(options_, time);
    return testing::run_on(io, table.routes_for(reference::parse(image).value(), deadline::after(time.now(), 10s)));
  }
  std::string hosts(const std::string& image) {
    const auto got = find(image);
    if (!got) return got.error().message;
    std::string out;
    for (const auto& one : (*got)->in_order)
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", one->is_upstream ? "=" : "", one->host);
    return out;
  }
  std::string ask(const std::string& image, std::size_t at, credential shown = {}) {
    const auto by = find(image).value()->in_order.at(at);
    auto work =
        made().resolve_by(by, reference::parse(image).value(), std::move(shown), deadline::after(time.now(), 10s));
    last = testing::run(std::move(work));
    return last ? last->digest.to_string() : std::string(to_string(last.error().code));
  }
};

const std::string moved = "[[registry]]\nprefix = \"reg.test\"\nlocation = \"s.test/src\"\n";
const std::string mirrored = "[[registry]]\nlocation = \"reg.test\"\n[[registry.mirror]]\nlocation = \"m.test/hub\"\n";
const std::string insecure = moved + "insecure = true\n";

TEST_F(NodeRoutes, OnlyTheNamedRegistryGetsItsCredentials) {
  use(mirrored);
  EXPECT_EQ(hosts("reg.test/app:1"), "m.test =reg.test");
  const auto both = find("reg.test/app:1").value();
  EXPECT_FALSE(both->in_order[0]->is_source);
  EXPECT_TRUE(both->in_order[1]->is_source);
  EXPECT_EQ(both->source, "/r.conf");
  EXPECT_TRUE(both->in_order[0]->is_named) << "an operator wrote it";
  use(moved);
  EXPECT_EQ(hosts("reg.test/app:1"), "s.test");
  EXPECT_TRUE(find("reg.test/app:1").value()->in_order[0]->is_source);
  EXPECT_EQ(hosts("other.test/app:1"), "=other.test");
}

TEST_F(NodeRoutes, TheConfigurationOfPinhookComesFirst) {
  use(moved);
  mirror_setting own;
  own.url = "https://own.corp";
  options_.mirrors["reg.test"] = {own};
  EXPECT_EQ(hosts("reg.test/app:1"), "own.corp =reg.test");
}

TEST_F(NodeRoutes, WhatIsBlockedIsNotAsked) {
  use(mirrored + "[[registry]]\nlocation = \"m.test\"\nblocked = true\n");
  EXPECT_EQ(hosts("reg.test/app:1"), "=reg.test");
  EXPECT_THAT(find("reg.test/app:1").value()->trouble->message,
              HasSubstr("registry m.test is blocked for nodes by the entry \"m.test\" of /r.conf"));
  const auto all = find("m.test/app:1");
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, error_code::denied);
  EXPECT_THAT(all.error().message, HasSubstr("is blocked for nodes"));
}

TEST_F(NodeRoutes, ManyMirrorsLeaveThePlaceOfTheSource) {
  std::string conf = moved;
  for (std::size_t i = 0; i < max_routes + 5; ++i)
    conf += fmt::format("[[registry.mirror]]\nlocation = \"m{}.test\"\n", i);
  use(conf);
  const auto got = find("reg.test/app:1").value();
  ASSERT_EQ(got->in_order.size(), max_routes);
  EXPECT_EQ(got->in_order.back()->host, "s.test");
}

TEST_F(NodeRoutes, TheNameOfThePlaceIsAskedFor) {
  use(moved);
  http.reply("HEAD *", challenged(R"(Bearer realm="https://s.test/token",service="s")"));
  http.reply("HEAD *", manifest_head());
  http.reply("GET https://s.test/token?service=s&scope=repository%3Asrc%2Facme%2Fapp%3Apull", token_reply("T1"));
  EXPECT_EQ(ask("reg.test/acme/app:1", 0), own_digest);
  EXPECT_EQ(http.lines().front(), "HEAD https://s.test/v2/src/acme/app/manifests/1") << "without ns";
}

TEST_F(NodeRoutes, AnInsecurePlaceIsAskedByPlainHttpWhereItHasNoHttps) {
  use(insecure);
  http.reply("HEAD https://*", fail(error_code::unavailable, "s.test:443: no connection"));
  http.reply("HEAD http://*", manifest_head());
  http.reply("HEAD http://*", manifest_head());
  EXPECT_EQ(ask("reg.test/app:1", 0), own_digest);
  EXPECT_EQ(ask("reg.test/app:2", 0), own_digest);
  EXPECT_THAT(http.lines(),
              ElementsAre("HEAD https://s.test/v2/src/app/manifests/1", "HEAD http://s.test/v2/src/app/manifests/1",
                          "HEAD http://s.test/v2/src/app/manifests/2"))
      << "what it speaks is remembered";
  ASSERT_TRUE(http.requests()[0].tls);
  EXPECT_FALSE(http.requests()[0].tls->verify);
}

TEST_F(NodeRoutes, AnInsecurePlaceThatAnswersByHttpsIsNotAskedOtherwise) {
  use(insecure);
  http.reply("HEAD https://*", respond(404));
  http.reply("GET https://*", respond(404));
  EXPECT_EQ(ask("reg.test/app:1", 0), "not_found");
  for (const auto& line : http.lines()) EXPECT_THAT(line, HasSubstr(" https://"));
}

TEST_F(NodeRoutes, APlaceThatIsNotInsecureIsNeverAskedByPlainHttp) {
  use(moved);
  for (int i = 0; i < 3; ++i) http.reply("HEAD https://*", fail(error_code::unavailable, "s.test:443: no connection"));
  EXPECT_EQ(ask("reg.test/app:1", 0), "unavailable");
  for (const auto& line : http.lines()) EXPECT_THAT(line, HasSubstr(" https://"));
}

}  // namespace
}  // namespace pinhook::registry
