#include <pinhook/access/document_reader.hpp>

#include "support/fake_credentials.hpp"
#include "support/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pinhook::access {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using kind = registry::document_name::kind;

// Answers by "host credential", or with not_found, and records what it is asked.
class scripted_documents final : public registry::client {
 public:
  awaitable<result<registry::descriptor>> resolve_by(std::shared_ptr<const registry::route>, registry::reference,
                                                     registry::credential, deadline) override {
    co_return fail(error_code::internal, "not asked for here");
  }
  awaitable<result<registry::document>> read_by(std::shared_ptr<const registry::route> by, registry::reference ref,
                                                registry::document_name name, registry::credential credential,
                                                deadline) override {
    const std::string host = by ? by->host : ref.registry();
    const std::string place = fmt::format("{} {}", host, credential.source);
    asked.push_back(fmt::format("{} {}", place, name.name));
    if (by && by->base) last_base = by->base->text();
    if (by) last_ns = by->ns;
    const auto found = answers.find(place);
    if (found == answers.end()) co_return fail(error_code::not_found, "not there");
    if (found->second) co_return registry::document{"", *found->second};
    co_return fail(found->second.error());
  }

  std::map<std::string, result<std::string>> answers;
  std::vector<std::string> asked;
  std::string last_base;
  std::string last_ns;
};

class DocumentReader : public ::testing::Test {
 protected:
  reader_tools tools(const std::vector<std::string>& mirrors = {}) {
    registry::route_options options;
    for (const auto& url : mirrors) {
      registry::mirror_setting one;
      one.url = url;
      options.mirrors["r.example"].push_back(one);
    }
    options.complete = complete;
    return {client, std::make_shared<registry::route_table>(options, machine_clock()), tenant, own};
  }
  static registry::reference ref() { return *registry::reference::parse("r.example/acme/api:v1"); }
  static result<registry::document> read(const signatures::document_reader& from, const std::string& name,
                                         kind of = kind::manifest) {
    return testing::run(from({of, name}, deadline::never()));
  }

  scripted_documents client;
  std::vector<std::string> complete;
  std::shared_ptr<testing::fake_credentials> tenant;
  std::shared_ptr<testing::fake_credentials> own;
};

TEST_F(DocumentReader, WithoutCredentialsIsAnonymous) {
  client.answers.emplace("r.example anonymous", "text");
  EXPECT_EQ(read(document_reader(tools(), ref()), "v1")->bytes, "text");
  EXPECT_THAT(client.asked, ElementsAre("r.example anonymous v1"));
}

TEST_F(DocumentReader, TheCredentialThatWorkedIsAskedFirstFromThenOn) {
  tenant = testing::fake_credentials::make("one");
  tenant->set("both",
              {testing::fake_credentials::credential_named("one"), testing::fake_credentials::credential_named("two")});
  client.answers.emplace("r.example one", fail(error_code::denied, "no"));
  client.answers.emplace("r.example two", "text");
  const auto from = document_reader(tools(), ref());
  EXPECT_TRUE(read(from, "a"));
  EXPECT_TRUE(read(from, "b"));
  EXPECT_THAT(client.asked, ElementsAre("r.example one a", "r.example two a", "r.example two b"));
  // A document that is not there is no reason to try others.
  client.answers.at("r.example two") = fail(error_code::not_found, "not there");
  client.asked.clear();
  EXPECT_EQ(read(from, "c").error().code, error_code::not_found);
  EXPECT_THAT(client.asked, ElementsAre("r.example two c"));
  // One that is refused by now is.
  client.answers.at("r.example two") = fail(error_code::unauthorized, "no");
  client.answers.at("r.example one") = "text";
  EXPECT_TRUE(read(from, "d"));
}

TEST_F(DocumentReader, WhatAMirrorDoesNotHaveIsAskedForAtTheRegistry) {
  client.answers.emplace("r.example anonymous", "text");
  EXPECT_TRUE(read(document_reader(tools({"https://m.example"}), ref()), "v1"));
  EXPECT_THAT(client.asked, ElementsAre("m.example anonymous v1", "r.example anonymous v1"));
}

TEST_F(DocumentReader, MirrorsGetTheProcessCredentialsAndTheRegistryTheTenants) {
  tenant = testing::fake_credentials::make("tenant");
  own = testing::fake_credentials::make("own");
  EXPECT_FALSE(read(document_reader(tools({"https://m.example"}), ref()), "v1"));
  EXPECT_THAT(client.asked, ElementsAre("m.example own v1", "r.example tenant v1"));
}

TEST_F(DocumentReader, TheRegistrysNotFoundCountsWhenAMirrorIsDown) {
  client.answers.emplace("m.example anonymous", fail(error_code::unavailable, "down"));
  EXPECT_EQ(read(document_reader(tools({"https://m.example"}), ref()), "v1").error().code, error_code::not_found);
  client.answers.emplace("r.example anonymous", fail(error_code::unavailable, "down, too"));
  const auto both = read(document_reader(tools({"https://m.example"}), ref()), "v1");
  EXPECT_EQ(both.error().code, error_code::unavailable);
  EXPECT_THAT(both.error().message, HasSubstr("mirror m.example: down"));
}

// What a mirror does not have is not known to be nowhere.
TEST_F(DocumentReader, AMirrorsNotFoundIsNoAbsenceWhereTheRegistryIsOutOfReach) {
  client.answers.emplace("r.example anonymous", fail(error_code::unavailable, "no connection"));
  const auto from = document_reader(tools({"https://m.example"}), ref());
  const auto first = read(from, "a");
  EXPECT_EQ(first.error().code, error_code::unavailable);
  EXPECT_EQ(first.error().message, "the mirrors do not have it, and the registry cannot be asked: no connection");
  EXPECT_EQ(read(from, "b").error().message, first.error().message);
  EXPECT_THAT(client.asked, ElementsAre("m.example anonymous a", "r.example anonymous a", "m.example anonymous b"))
      << "the registry is not waited for again";
  client.answers.emplace("m.example anonymous", "text");
  EXPECT_TRUE(read(from, "c"));
  // A registry that refuses is not out of reach.
  client.answers.erase("m.example anonymous");
  client.answers.at("r.example anonymous") = fail(error_code::denied, "no");
  EXPECT_EQ(read(document_reader(tools({"https://m.example"}), ref()), "d").error().code, error_code::denied);
}

// An air gap: behind the mirrors there is no registry that could be asked.
TEST_F(DocumentReader, WhatCompleteMirrorsLackIsNotThere) {
  const auto read_by = [&](std::vector<std::string> registries) {
    complete = std::move(registries);
    client.asked.clear();
    const auto got = read(document_reader(tools({"https://m.example", "https://n.example"}), ref()), "a");
    return got ? got->bytes : fmt::format("{}", to_string(got.error().code));
  };
  client.answers.emplace("r.example anonymous", fail(error_code::unavailable, "no connection"));
  for (const auto& registries : std::vector<std::vector<std::string>>{{}, {"example"}, {"other.example"}})
    EXPECT_EQ(read_by(registries), "unavailable");
  for (const auto& registries : std::vector<std::vector<std::string>>{{"_default"}, {"other.example", "r.example"}}) {
    EXPECT_EQ(read_by(registries), "not_found");
    EXPECT_THAT(client.asked, ElementsAre("m.example anonymous a", "n.example anonymous a"));
  }
  client.answers.emplace("n.example anonymous", "text");
  EXPECT_EQ(read_by({"_default"}), "text") << "one mirror with it is enough";
  // A mirror that cannot be asked may have it, so the registry's word is wanted.
  client.answers.insert_or_assign("n.example anonymous", fail(error_code::timed_out, "late"));
  EXPECT_EQ(read_by({"_default"}), "unavailable");
  client.answers.erase("r.example anonymous");
  EXPECT_EQ(read_by({"_default"}), "not_found");
  EXPECT_EQ(client.asked.back(), "r.example anonymous a");
}

TEST_F(DocumentReader, WithoutMirrorsTheRegistryIsAskedAlsoWhereMirrorsAreComplete) {
  complete = {"_default"};
  EXPECT_EQ(read(document_reader(tools(), ref()), "a").error().code, error_code::not_found);
  EXPECT_THAT(client.asked, ElementsAre("r.example anonymous a"));
}

// Absence must not be concluded from a request that lacked its credential.
TEST_F(DocumentReader, NotFoundWithoutTheCredentialsOfABrokenSourceIsNoAbsence) {
  tenant = testing::fake_credentials::make("tenant");
  tenant->fails(error{error_code::timed_out, "the plugin hangs", std::nullopt});
  const auto got = read(document_reader(tools(), ref()), "v1");
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, HasSubstr("the plugin hangs"));
}

TEST_F(DocumentReader, TrustFilesComeFromTheNotaryServerWithItsOwnCredentials) {
  tenant = testing::fake_credentials::make("tenant");
  own = testing::fake_credentials::make("own");
  client.answers.emplace("notary.example:4443 own", "root");
  const auto from = trust_reader(tools({"https://m.example"}), ref(), "https://notary.example:4443");
  ASSERT_TRUE(from);
  EXPECT_EQ(read(*from, "root.json", kind::trust_file)->bytes, "root");
  EXPECT_THAT(client.asked, ElementsAre("notary.example:4443 own root.json"));
  EXPECT_EQ(client.last_base, "https://notary.example:4443/v2/r.example");
  EXPECT_EQ(client.last_ns, "");
  const auto bad = trust_reader(tools(), ref(), "https://");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("the Notary server \"https://\": "));
}

}  // namespace
}  // namespace pinhook::access
