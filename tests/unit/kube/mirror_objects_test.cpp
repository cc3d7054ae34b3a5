#include <pinhook/kube/mirror_objects.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::respond;
using ::testing::SizeIs;

const std::string server = "GET https://k8s.example/apis";
const std::string digests = server + "/config.openshift.io/v1/imagedigestmirrorsets?limit=500";
const std::string tags = server + "/config.openshift.io/v1/imagetagmirrorsets?limit=500";
const std::string policies = server + "/operator.openshift.io/v1alpha1/imagecontentsourcepolicies?limit=500";

http::response list_of(const std::string& objects) {
  return respond(200, {}, R"({"metadata":{},"items":[)" + objects + "]}");
}

std::string object(const std::string& name, const std::string& member, const std::string& sets) {
  return fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":{{"{}":{}}}}})", name, member, sets);
}

std::vector<std::string> shown(const std::vector<registry::mirror_set>& sets) {
  std::vector<std::string> out;
  for (const auto& one : sets)
    out.push_back(fmt::format("{}: {} -> {}{}", one.object, one.source, fmt::join(one.mirrors, " "),
                              one.never_contacts_source ? " only" : ""));
  return out;
}

struct MirrorObjects : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};

  void have_groups(const std::string& names) {
    std::string groups;
    for (const std::string& name : {std::string("config.openshift.io"), std::string("operator.openshift.io")})
      if (names.find(name) != std::string::npos)
        groups +=
            fmt::format(R"({}{{"name":"{}","preferredVersion":{{"version":"v1"}}}})", groups.empty() ? "" : ",", name);
    http.reply(server, respond(200, {}, R"({"groups":[)" + groups + "]}"));
  }
  template <class Read>
  auto ask(Read which) {
    cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer fixed");
    api_connection to(http, where, processes, io.get_executor(), time, {}, testing::passing_waits(time));
    return testing::run_on(io, which(to, deadline::after(time.now(), std::chrono::minutes(1))));
  }
  result<registry::mirror_sets> read() {
    return ask([](api_connection& to, deadline d) { return read_mirror_objects(to, d); });
  }
  result<std::vector<registry::image_pattern>> grants() {
    return ask([](api_connection& to, deadline d) { return read_mirror_grants(to, d); });
  }
};

const std::string both = "config.openshift.io operator.openshift.io";

TEST_F(MirrorObjects, OfAllKindsAreRead) {
  have_groups(both);
  http.reply(digests,
             list_of(object("d", "imageDigestMirrors", R"([{"source":"s.com","mirrors":["d.com","e.com"]}])")));
  http.reply(tags, list_of(object("t", "imageTagMirrors",
                                  R"([{"source":"s.com","mirrors":["t.com"],"mirrorSourcePolicy":"NeverContactSource"},
                                      {"source":"u.com","mirrorSourcePolicy":"AllowContactingSource"}])") +
                           "," + object("empty", "imageTagMirrors", "null") + R"(,{"metadata":{"name":"x"}})"));
  http.reply(policies,
             list_of(object("old", "repositoryDigestMirrors", R"([{"source":"s.com","mirrors":["o.com"]}])")));
  const auto got = read();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(shown(got->for_digests), ElementsAre("ImageDigestMirrorSet d: s.com -> d.com e.com",
                                                   "ImageContentSourcePolicy old: s.com -> o.com"));
  EXPECT_THAT(shown(got->for_tags),
              ElementsAre("ImageTagMirrorSet t: s.com -> t.com only", "ImageTagMirrorSet t: u.com -> "));
}

TEST_F(MirrorObjects, WhatTheClusterDoesNotHaveIsEmpty) {
  have_groups("");
  const auto none = read();
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_THAT(http.requests(), SizeIs(1)) << "no list of a group that there is not";
  have_groups("config.openshift.io");
  // What a real API server answers for a kind that it does not know is no Status.
  http.reply(digests, respond(404, {}, "404 page not found\n"));
  http.reply(tags, list_of(""));
  const auto some = read();
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_THAT(some->for_digests, IsEmpty());
  EXPECT_THAT(some->for_tags, IsEmpty());
}

TEST_F(MirrorObjects, AFailureOfEachStepFails) {
  const std::vector<std::string> steps{server, digests, tags, policies};
  for (std::size_t failing = 0; failing < steps.size(); ++failing) {
    for (std::size_t i = 0; i < failing; ++i)
      if (i == 0)
        have_groups(both);
      else
        http.reply(steps[i], list_of(""));
    http.reply(steps[failing], respond(403, {}, R"({"kind":"Status","message":"no","reason":"Forbidden"})"));
    const auto got = read();
    ASSERT_FALSE(got) << steps[failing];
    EXPECT_EQ(got.error().code, error_code::denied) << steps[failing];
    EXPECT_THAT(got.error().message, HasSubstr("Kubernetes API: ")) << steps[failing];
  }
  EXPECT_THAT(http.requests(), SizeIs(1 + 2 + 3 + 4));
}

TEST_F(MirrorObjects, AnAddressThatIsNoApiServersIsAnError) {
  http.reply(server, respond(404, {}, "<html>"));
  EXPECT_FALSE(read());
}

const std::string grants_v1 = server + "/config.openshift.io/v1/criocredentialproviderconfigs?limit=500";
const std::string grants_v1alpha1 = server + "/config.openshift.io/v1alpha1/criocredentialproviderconfigs?limit=500";

TEST_F(MirrorObjects, TheImagesWhoseMirrorsGetSecretsAreRead) {
  http.reply(grants_v1, list_of(object("cluster", "matchImages", R"(["reg.example.com","*.azurecr.io/acme"])")));
  const auto got = grants();
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_THAT(*got, SizeIs(2));
  EXPECT_EQ(got->at(0).key(), "reg.example.com");
  EXPECT_THAT(http.requests(), SizeIs(1)) << "the older version is not asked for";
}

TEST_F(MirrorObjects, TheOlderVersionIsReadWhereTheNewerDoesNotExist) {
  http.reply(grants_v1, respond(404, {}, "404 page not found\n"));
  http.reply(grants_v1alpha1, list_of(object("cluster", "matchImages", R"(["reg.example.com"])")));
  EXPECT_THAT(grants().value(), SizeIs(1));
  http.reply(grants_v1, respond(404, {}, "404 page not found\n"));
  http.reply(grants_v1alpha1, respond(404, {}, "404 page not found\n"));
  EXPECT_THAT(grants().value(), IsEmpty());
}

TEST_F(MirrorObjects, AFailureWithoutTheRightIsARefusal) {
  http.reply(grants_v1, respond(403, {}, R"({"kind":"Status","message":"no","reason":"Forbidden"})"));
  const auto got = grants();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::denied);
}

TEST(GrantedImages, FieldsOfTheWrongTypeNameTheObject) {
  EXPECT_THAT(read_granted_images(R"({"spec":{}})").value(), IsEmpty());
  EXPECT_THAT(read_granted_images(R"({"spec":{"matchImages":null}})").value(), IsEmpty());
  for (const std::string images : {"{}", "[1]", R"([""])", R"(["https://"])"}) {
    const auto got = read_granted_images(R"({"spec":{"matchImages":)" + images + "}}");
    ASSERT_FALSE(got) << images;
    EXPECT_EQ(got.error().code, error_code::malformed) << images;
    EXPECT_THAT(got.error().message, HasSubstr("CRIOCredentialProviderConfig")) << images;
  }
}

TEST(MirrorObject, FieldsOfTheWrongTypeNameTheObject) {
  const mirror_kind& kind = mirror_kinds[1];
  for (const std::string sets : {R"({})", R"([{"mirrors":[]}])", R"([{"source":1}])",
                                 R"([{"source":"s","mirrors":{}}])", R"([{"source":"s","mirrors":[1]}])", R"([1])"}) {
    registry::mirror_sets to;
    const auto got = read_mirror_object(object("t", "imageTagMirrors", sets), kind, to);
    ASSERT_FALSE(got) << sets;
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_THAT(got.error().message, HasSubstr("ImageTagMirrorSet t: ")) << sets;
  }
  registry::mirror_sets to;
  EXPECT_FALSE(read_mirror_object("{", kind, to));
}

TEST(MirrorObject, SetsHaveALimit) {
  registry::mirror_sets to;
  to.for_tags.resize(registry::max_mirror_sets - 1);
  const auto one = object("t", "imageTagMirrors", R"([{"source":"s"}])");
  EXPECT_TRUE(read_mirror_object(one, mirror_kinds[1], to));
  const auto over = read_mirror_object(one, mirror_kinds[1], to);
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error().message, HasSubstr("more than 5000 sets"));
}

}  // namespace
}  // namespace pinhook::kube
