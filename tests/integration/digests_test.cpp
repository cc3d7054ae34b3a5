// Digests for commands from a real registry, and from one that has its bad moments.
#include "support/docker_registry.hpp"
#include "support/image_pusher.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/access/command_digests.hpp>
#include <pinhook/access/command_verdicts.hpp>
#include <pinhook/config/command_settings.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class Digests : public ::testing::Test {
 protected:
  static std::unique_ptr<access::registry_digests> open(const std::string& host,
                                                        access::registry_digests::progress tell = {}) {
    config::settings s = config::settings_for_files("", {}).value();
    s.registries[host] = {};
    s.clouds.clear();
    auto out = access::registry_digests::open(s, {}, std::move(tell));
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
  }
  static std::vector<registry::reference> references(const std::vector<std::string>& texts) {
    std::vector<registry::reference> out;
    for (const auto& text : texts) out.push_back(registry::reference::parse(text).value());
    return out;
  }
  static registry::platform platform(const std::string& text) { return registry::platform::parse(text).value(); }
  // The digest, or the message.
  static std::string text_of(const result<registry::digest>& one) {
    return one ? one->to_string() : one.error().message;
  }
};

TEST_F(Digests, FindsAllAtOnceAndCounts) {
  asio::io_context io(1);
  const docker_registry registry;
  image_pusher pusher(io, registry.url());
  std::vector<std::string> refs, wanted;
  for (int i = 0; i < 20; ++i) {
    wanted.push_back(pusher.push_image(fmt::format("acme/app{}", i), "v1", fmt::format("layer {}", i)));
    refs.push_back(fmt::format("{}/acme/app{}:v1", registry.host(), i));
  }
  std::vector<std::string> reported;
  auto digests = open(registry.host(), [&](std::string_view doing, std::size_t done, std::size_t total) {
    reported.push_back(fmt::format("{} {}/{}", doing, done, total));
  });
  const auto found = digests->find(references(refs));
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(text_of(found[i]), wanted[i]);
  ASSERT_EQ(reported.size(), 21U);
  EXPECT_EQ(reported.front(), "resolving 0/20");
  EXPECT_EQ(reported.back(), "resolving 20/20");
}

// The longest part where a registry is slow: several documents an image.
TEST_F(Digests, CountsWhatIsVerifiedToo) {
  std::vector<std::string> reported;
  auto digests = open("r.example", [&](std::string_view doing, std::size_t done, std::size_t total) {
    reported.push_back(fmt::format("{} {}/{}", doing, done, total));
  });
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const auto refs = references({"r.example/a" + digest, "r.example/b" + digest});
  const auto answers = digests->prove({{refs[0], {{"acme"}}}, {refs[1], {{"acme"}}}});
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_FALSE(answers->at(1).at({"acme"})) << "the settings have no such verifier";
  const std::vector<std::string> each{"verifying 0/2", "verifying 1/2", "verifying 2/2"};
  EXPECT_EQ(reported, each);
  reported.clear();
  EXPECT_EQ(access::verify_images(*digests, refs, {}, {}).size(), 2U);
  EXPECT_EQ(reported, each);
}

TEST_F(Digests, AsksAnewEachTime) {
  asio::io_context io(1);
  const docker_registry registry;
  image_pusher pusher(io, registry.url());
  const auto refs = references({registry.host() + "/acme/app:v1"});
  auto digests = open(registry.host());
  const std::string first = pusher.push_image("acme/app", "v1", "one");
  EXPECT_EQ(text_of(digests->find(refs).front()), first);
  const std::string second = pusher.push_image("acme/app", "v1", "two");
  EXPECT_EQ(text_of(digests->find(refs).front()), second);
}

TEST_F(Digests, FindAPlatformsManifest) {
  asio::io_context io(1);
  const docker_registry registry;
  image_pusher pusher(io, registry.url());
  pusher.push_index("acme/app", "many", "seed");
  const std::string arm = pusher.push_image("acme/app", "", "seedarm64");
  const std::string amd = pusher.push_image("acme/app", "one", "seedamd64");
  const auto refs = references(
      {registry.host() + "/acme/app:many", registry.host() + "/acme/app:one", registry.host() + "/acme/app:none"});
  auto digests = open(registry.host());
  auto found = digests->find_platform(refs, platform("linux/arm64/v8"));
  EXPECT_EQ(text_of(found[0]), arm);
  EXPECT_THAT(text_of(found[1]), AllOf(HasSubstr("as one image for linux/amd64, not for linux/arm64"),
                                       HasSubstr("/acme/app:one\" is not resolved")));
  EXPECT_THAT(text_of(found[2]), HasSubstr("does not have"));
  found = digests->find_platform(refs, platform("linux/amd64"));
  EXPECT_EQ(text_of(found[0]), amd);
  EXPECT_EQ(text_of(found[1]), amd);
  found = digests->find_platform(refs, platform("linux/s390x"));
  EXPECT_THAT(text_of(found[0]), HasSubstr("for linux/amd64, linux/arm64, not for linux/s390x"));
}

TEST_F(Digests, WalkIntoIndexesWithinAnIndex) {
  scripted_server registry;
  const std::string type = "application/vnd.oci.image.index.v1+json";
  const std::string arm = "sha256:" + std::string(64, 'a');
  std::string text = fmt::format(
      R"({{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":7,)"
      R"("platform":{{"os":"linux","architecture":"arm64"}}}}]}})",
      arm);
  // Five of them: the outermost four may be read, so the index of the tag "deep" is one too many.
  for (int level = 0; level < 5; ++level) {
    const std::string digest = registry::digest::of(text).to_string();
    const reply served{.headers = {{"Content-Type", type}}, .body = text};
    registry.on("GET", "/v2/app/manifests/" + digest, served);
    if (level == 3) registry.on("GET", "/v2/app/manifests/nested", served);
    if (level == 4) registry.on("GET", "/v2/app/manifests/deep", served);
    text =
        fmt::format(R"({{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":7}}]}})", type, digest);
  }
  auto digests = open(registry.host());
  const auto found = digests->find_platform(
      references({registry.host() + "/app:nested", registry.host() + "/app:deep"}), platform("linux/arm64"));
  EXPECT_EQ(text_of(found[0]), arm);
  EXPECT_THAT(text_of(found[1]), HasSubstr("indexes within indexes, deeper than 4"));
  EXPECT_EQ(registry.requests().size(), 8U);
}

TEST_F(Digests, OneRefusalLetsTheOthersWaitAndGoOn) {
  scripted_server registry;
  std::vector<std::string> refs;
  const std::string digest = "sha256:" + std::string(64, 'a');
  const reply good{
      .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}, {"Docker-Content-Digest", digest}}};
  for (int i = 0; i < 30; ++i) {
    const std::string path = fmt::format("/v2/app{}/manifests/v1", i);
    const reply limited{.status = 429, .headers = {{"Retry-After", "1"}}};
    if (i == 7)
      registry.on("HEAD", path, limited, good);
    else
      registry.on("HEAD", path, good);
    refs.push_back(fmt::format("{}/app{}:v1", registry.host(), i));
  }
  auto digests = open(registry.host());
  for (const auto& one : digests->find(references(refs))) EXPECT_EQ(text_of(one), digest);
}

TEST_F(Digests, SayWhatToDo) {
  scripted_server registry;
  registry.on("HEAD", "/v2/a/manifests/1", {.status = 401});
  registry.on("HEAD", "/v2/b/manifests/1", {.status = 403});
  registry.on("GET", "/v2/b/manifests/1", {.status = 403});
  auto digests = open(registry.host());
  const auto found = digests->find(references({registry.host() + "/a:1", registry.host() + "/b:1"}));
  EXPECT_EQ(found[0].error().code, error_code::unauthorized);
  EXPECT_THAT(text_of(found[0]), HasSubstr("/a:1\" is not resolved: registry " + registry.host()));
  EXPECT_THAT(text_of(found[0]),
              EndsWith(". Check the name; for a private image, log in: docker login " + registry.host()));
  EXPECT_EQ(found[1].error().code, error_code::denied);
  EXPECT_THAT(text_of(found[1]), HasSubstr("docker login "));
}

}  // namespace
}  // namespace pinhook::testing
