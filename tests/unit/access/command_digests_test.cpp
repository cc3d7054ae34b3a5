#include <pinhook/access/command_digests.hpp>

#include "support/certificates.hpp"
#include "support/fake_digests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::access {
namespace {

using ::testing::AllOf;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::temporary_directory;

std::vector<registry::reference> references(const std::vector<std::string>& texts) {
  std::vector<registry::reference> out;
  for (const auto& text : texts) out.push_back(registry::reference::parse(text).value());
  return out;
}

// --- From a lock ---

TEST(LockedDigests, AnswersFromTheLockByMeaning) {
  resolve::image_lock lock;
  lock.put(registry::reference::parse("nginx:1.25").value(), {digest_of_digit('a'), ""});
  locked_digests digests(lock, "pinhook.lock");
  const auto found = digests.find(references({"docker.io/library/nginx:1.25", "nginx:1.26", "nginx:1.25"}));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], digest_of_digit('a'));
  EXPECT_EQ(found[2], digest_of_digit('a'));
  ASSERT_FALSE(found[1]);
  EXPECT_EQ(found[1].error().code, error_code::not_found);
  EXPECT_EQ(found[1].error().message,
            "\"nginx:1.26\" is not resolved: pinhook.lock does not hold docker.io/library/nginx:1.26. `pinhook lock "
            "--file pinhook.lock PATH…` adds missing images");
}

TEST(LockedDigests, AReferenceWithADigestMeansThat) {
  locked_digests digests({}, "pinhook.lock");
  const auto found = digests.find(references({"nginx@" + digest_of_digit('b').to_string()}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], digest_of_digit('b'));
}

TEST(NoDigests, FailsForEverything) {
  const auto found = no_digests().find(references({"nginx", "a:1"}));
  ASSERT_EQ(found.size(), 2U);
  for (const auto& one : found) {
    ASSERT_FALSE(one);
    EXPECT_EQ(one.error().code, error_code::unavailable);
  }
  EXPECT_THAT(found[1].error().message, AllOf(HasSubstr("\"a:1\""), HasSubstr("--offline"), HasSubstr("--lock")));
}

// --- The source of a command ---

TEST(OpenDigests, TakesTheLockBeforeAnythingElse) {
  const temporary_directory files;
  const std::string file = files.write("pinhook.lock",
                                       "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n"
                                       "  docker.io/library/nginx:1.25: {digest: \"" +
                                           digest_of_digit('a').to_string() + "\"}\n");
  for (const bool offline : {false, true}) {
    auto digests = open_digests({file, offline}, config::settings{}, {});
    ASSERT_TRUE(digests) << digests.error().message;
    const auto found = (*digests)->find(references({"nginx:1.25", "nginx:1.26"}));
    EXPECT_EQ(found[0], digest_of_digit('a'));
    ASSERT_FALSE(found[1]);
    EXPECT_THAT(found[1].error().message, HasSubstr(file));
  }
}

TEST(OpenDigests, NamesTheInvalidLock) {
  const temporary_directory files;
  const auto missing = open_digests({(files.path() / "none").string(), false}, config::settings{}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("none"));
  const std::string file = files.write("bad.lock", "kind: Pod\n");
  const auto bad = open_digests({file, true}, config::settings{}, {});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr(file));
}

TEST(OpenDigests, ContactsNoRegistryOffline) {
  auto digests = open_digests({"", true}, config::settings{}, {});
  ASSERT_TRUE(digests);
  EXPECT_THAT((*digests)->find(references({"nginx"})).front().error().message, HasSubstr("--offline"));
}

TEST(OpenDigests, RefusesInvalidSettings) {
  config::settings s;
  s.docker_config = "/does/not/exist.json";
  const auto digests = open_digests({}, s, {});
  ASSERT_FALSE(digests);
  EXPECT_THAT(digests.error().message, HasSubstr("/does/not/exist.json"));
}

TEST(FakeDigests, RecordsLookUps) {
  testing::fake_digests digests;
  digests.holds("docker.io/library/nginx:latest", digest_of_digit('a'));
  digests.fails("docker.io/library/a:1", {error_code::denied, "no", {}});
  const auto found = digests.find(references({"nginx", "a:1", "b:1", "nginx:latest"}));
  EXPECT_EQ(found[0], digest_of_digit('a'));
  EXPECT_EQ(found[1].error().code, error_code::denied);
  EXPECT_EQ(found[2].error().code, error_code::not_found);
  EXPECT_THAT(digests.asked(),
              ElementsAre("docker.io/library/nginx:latest", "docker.io/library/a:1", "docker.io/library/b:1"));
  EXPECT_EQ(digests.calls(), 1U);
}

TEST(RegistryDigests, OpenWithoutAConfigurationOfDocker) {
  EXPECT_TRUE(registry_digests::open(config::settings{}, {{"DOCKER_CONFIG", "/does/not/exist"}}));
}

}  // namespace
}  // namespace pinhook::access
