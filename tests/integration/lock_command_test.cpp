// `pinhook lock` as a process, and `pinhook pin --lock` behind it.
#include "support/file_commands.hpp"

#include <pinhook/base/clock.hpp>
#include <pinhook/store/history.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class LockCommand : public FileCommands {
 protected:
  LockCommand() {
    write("a.yaml", deployment_file(image("a:1")));
    write("b.yaml", deployment_file(image("b:2")));
  }
};

TEST_F(LockCommand, WritesWhatPinUsesWithoutARegistry) {
  const auto seen = run("pinhook lock a.yaml b.yaml");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(seen.errors, "pinhook lock: locked 2 images: 2 new\n");
  const auto lock = read("pinhook.lock");
  EXPECT_THAT(lock, AllOf(HasSubstr("kind: ImageLock\n"), HasSubstr(image("a:1")), HasSubstr(digest('a')),
                          HasSubstr(digest('b'))));
  EXPECT_LT(lock.find(image("a:1")), lock.find(image("b:2")));
  EXPECT_THAT(lock, MatchesRegex("(.|\n)*\"[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+Z\"(.|\n)*"));

  // The same bytes although the tag has moved.
  serve("a:1", 'c');
  registry_.forget_requests();
  for (const char* line :
       {"pinhook pin --lock pinhook.lock a.yaml", "pinhook pin --lock pinhook.lock --offline a.yaml"}) {
    const auto pinned = run(line);
    EXPECT_EQ(pinned.exit_code, 0) << pinned.errors;
    EXPECT_EQ(pinned.output, deployment_file(image("a@") + digest('a'), " # " + image("a:1")));
  }
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(LockCommand, PinFailsOnWhatTheLockLacks) {
  EXPECT_EQ(run("pinhook lock a.yaml").exit_code, 0);
  registry_.forget_requests();
  const auto seen = run("pinhook pin -i --lock pinhook.lock a.yaml b.yaml");
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("b.yaml:10:18"), HasSubstr("pinhook.lock")));
  EXPECT_EQ(read("a.yaml"), deployment_file(image("a:1")));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(LockCommand, KeepsWhatItHoldsUntilItIsToldOtherwise) {
  EXPECT_EQ(run("pinhook lock a.yaml").exit_code, 0);
  const auto before = read("pinhook.lock");
  serve("a:1", 'c');
  registry_.forget_requests();
  EXPECT_EQ(run("pinhook lock a.yaml").errors, "pinhook lock: locked 1 image, none changed\n");
  EXPECT_EQ(read("pinhook.lock"), before);
  EXPECT_THAT(registry_.requests(), IsEmpty());
  EXPECT_EQ(run("pinhook lock a.yaml b.yaml").errors, "pinhook lock: locked 2 images: 1 new\n");
  EXPECT_THAT(read("pinhook.lock"), HasSubstr(digest('a')));
  EXPECT_EQ(run("pinhook lock --update a.yaml").errors,
            "pinhook lock: locked 2 images: 1 changed; 1 of them is not in these files and stays (--prune drops it)\n");
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr(digest('c')), HasSubstr("/b:2")));
  EXPECT_EQ(run("pinhook lock --prune a.yaml").errors, "pinhook lock: locked 1 image: 1 dropped\n");
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr(digest('c')), Not(HasSubstr("/b:2"))));
}

TEST_F(LockCommand, AMovedTagWaitsForItsCooldown) {
  EXPECT_EQ(run("pinhook lock a.yaml").exit_code, 0);
  serve("a:1", 'c');
  const std::string line = "pinhook lock --update --cooldown 72h a.yaml";
  const auto seen = run(line);
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr(image("a:1") + " moved to " + digest('c')),
                                 HasSubstr(digest('a') + " stays until "), HasSubstr("none changed")));
  const auto waiting = read("pinhook.lock");
  EXPECT_THAT(waiting, AllOf(HasSubstr("digest: \"" + digest('a')), HasSubstr("seen: {digest: \"" + digest('c'))));
  EXPECT_EQ(run(line).exit_code, 0);
  EXPECT_EQ(read("pinhook.lock"), waiting);
  EXPECT_EQ(run("pinhook pin --lock pinhook.lock a.yaml").output,
            deployment_file(image("a@") + digest('a'), " # " + image("a:1")));
  // A first sight three days ago.
  EXPECT_EQ(run("sed -i 's/since: \"[^\"]*\"/since: \"2026-01-01T00:00:00Z\"/' pinhook.lock").exit_code, 0);
  EXPECT_EQ(run(line).errors, "pinhook lock: locked 1 image: 1 changed\n");
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr("apiVersion: pinhook.dev/v1\n"),
                                          HasSubstr("digest: \"" + digest('c')), Not(HasSubstr("seen"))));
}

// What reports have seen counts, too.
TEST_F(LockCommand, TheStoreOfReportsKnowsSinceWhen) {
  EXPECT_EQ(run("pinhook lock a.yaml").exit_code, 0);
  serve("a:1", 'c');
  const std::string line = "pinhook lock --update --cooldown 72h --store history.db a.yaml";
  auto seen = run(line);
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("--store: history.db: no such file; `pinhook report --store` makes one"));
  {
    auto store = store::history::open((work_.path() / "history.db").string(), {});
    ASSERT_TRUE(store) << store.error().message;
    const auto ok = (*store)->add(
        {.at = machine_clock().wall() - std::chrono::hours(100), .tags = {{image("a:1"), digest('c'), "bytes"}}});
    ASSERT_TRUE(ok) << ok.error().message;
  }
  EXPECT_EQ(run(line).errors, "pinhook lock: locked 1 image: 1 changed\n");
  EXPECT_THAT(run("pinhook pin --update --store history.db a.yaml").errors,
              HasSubstr("--store says since when the digests of tags are known, which --cooldown goes by"));
}

TEST_F(LockCommand, PinsWaitForTheirCooldown) {
  EXPECT_EQ(run("pinhook pin -i a.yaml").exit_code, 0);
  const auto pinned = read("a.yaml");
  serve("a:1", 'c');
  const std::string line = "pinhook pin -i --update --cooldown 72h a.yaml";
  EXPECT_EQ(run("pinhook pin --diff --update --cooldown 72h a.yaml").output, "");
  EXPECT_FALSE(is_there("pinhook.lock")) << "a diff writes nothing";
  const auto seen = run(line);
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr(digest('a') + " stays until "), HasSubstr("nothing to pin")));
  EXPECT_EQ(read("a.yaml"), pinned);
  EXPECT_EQ(run("sed -i 's/since: \"[^\"]*\"/since: \"2026-01-01T00:00:00Z\"/' pinhook.lock").exit_code, 0);
  EXPECT_EQ(run(line).errors, "pinhook pin: pinned 1 image in 1 file\n");
  EXPECT_THAT(read("a.yaml"), HasSubstr(image("a@") + digest('c')));
  EXPECT_EQ(run("pinhook lock --offline a.yaml").errors, "pinhook lock: locked 1 image, none changed\n");
  // A lock file that cannot be written leaves the files as they are.
  serve("a:1", 'd');
  EXPECT_EQ(run("rm pinhook.lock && mkdir -p pinhook.lock/x").exit_code, 0);
  EXPECT_EQ(run(line).exit_code, 2);
  EXPECT_THAT(read("a.yaml"), HasSubstr(image("a@") + digest('c')));
}

TEST_F(LockCommand, FailsOfflineWhenSomethingIsMissing) {
  const auto seen = run("pinhook lock --offline a.yaml");
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_FALSE(is_there("pinhook.lock"));
  EXPECT_THAT(seen.errors,
              AllOf(HasSubstr("a.yaml:10:18: container web"), HasSubstr("--offline"), HasSubstr("nothing is written")));
  EXPECT_EQ(run("pinhook lock a.yaml && pinhook lock --offline a.yaml").exit_code, 0);
}

TEST_F(LockCommand, WritesNothingWhenOneIsNotResolved) {
  write("c.yaml", deployment_file(image("none:1")));
  const auto seen = run("pinhook lock .");
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_FALSE(is_there("pinhook.lock"));
  EXPECT_THAT(seen.errors, HasSubstr("c.yaml:10:18"));
  const auto rest = run("pinhook lock --keep-going .");
  EXPECT_EQ(rest.exit_code, 3);
  EXPECT_THAT(rest.errors, AllOf(HasSubstr("c.yaml:10:18"), HasSubstr("locked 2 images: 2 new; 1 not resolved\n")));
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr(digest('a')), HasSubstr(digest('b'))));
}

TEST_F(LockCommand, TakesPinsOfFilesAsDecided) {
  write("a.yaml", deployment_file(image("a@") + digest('d'), " # " + image("a:1")));
  EXPECT_EQ(run("pinhook lock a.yaml").exit_code, 0);
  EXPECT_THAT(read("pinhook.lock"), HasSubstr(digest('d')));
  EXPECT_THAT(registry_.requests(), IsEmpty());
  write("b.yaml", deployment_file(image("a:1@") + digest('e')));
  const auto seen = run("pinhook lock a.yaml b.yaml");
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("a.yaml:10:18"), HasSubstr("b.yaml:10:18"), HasSubstr(digest('e'))));
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr(digest('d')), Not(HasSubstr(digest('e')))));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(LockCommand, WritesKbldsFormAndKeepsIt) {
  EXPECT_EQ(run("pinhook lock --as kbld a.yaml").exit_code, 0);
  EXPECT_THAT(read("pinhook.lock"), HasSubstr("kind: ImagesLock\n"));
  EXPECT_EQ(run("pinhook lock a.yaml b.yaml").exit_code, 0);
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr("kind: ImagesLock\n"), HasSubstr(digest('b'))));
  registry_.forget_requests();
  EXPECT_EQ(run("pinhook pin --lock pinhook.lock a.yaml").output,
            deployment_file(image("a@") + digest('a'), " # " + image("a:1")));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(LockCommand, HoldsWhatANamedKustomizationTakesIn) {
  write("over/kustomization.yaml", "resources:\n  - ../a.yaml\n");
  EXPECT_EQ(run("pinhook lock over/kustomization.yaml").exit_code, 0);
  EXPECT_THAT(read("pinhook.lock"), HasSubstr(digest('a')));
  const auto seen = run("pinhook pin --lock pinhook.lock over/kustomization.yaml");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr(digest('a')));
}

TEST_F(LockCommand, GoesToStandardOutput) {
  const auto seen = run("pinhook lock --file - a.yaml");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("kind: ImageLock\n"));
  EXPECT_FALSE(is_there("pinhook.lock"));
  EXPECT_EQ(run("pinhook lock --file - - | grep -c sha256", deployment_file(image("a:1"))).output, "1\n");
}

TEST_F(LockCommand, RefusesABrokenLock) {
  write("pinhook.lock", "kind: Other\n");
  const auto seen = run("pinhook lock a.yaml");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("pinhook lock: pinhook.lock: "));
  EXPECT_EQ(read("pinhook.lock"), "kind: Other\n");
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::testing
