// `pinhook pin` and `pinhook unpin` as processes.
#include "support/docker_registry.hpp"
#include "support/file_commands.hpp"
#include "support/image_pusher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class PinProcess : public FileCommands {
 protected:
  std::string pinned_a() const { return image("a@") + digest('a'); }
  std::string comment_a() const { return " # " + image("a:1"); }
};

TEST_F(PinProcess, PrintsWhatItPinned) {
  write("web.yaml", deployment_file(image("a:1"), "   # keep me"));
  const auto seen = run("pinhook pin web.yaml");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, deployment_file(pinned_a(), comment_a() + "   # keep me"));
  EXPECT_EQ(seen.errors, "pinhook pin: pinned 1 image in 1 file\n");
  EXPECT_EQ(read("web.yaml"), deployment_file(image("a:1"), "   # keep me"));
}

TEST_F(PinProcess, StandsInAPipe) {
  for (const char* line : {"pinhook pin", "pinhook pin -"}) {
    const auto seen = run(line, deployment_file(image("a:1")));
    EXPECT_EQ(seen.exit_code, 0) << seen.errors;
    EXPECT_EQ(seen.output, deployment_file(pinned_a(), comment_a()));
  }
  const auto seen = run("pinhook pin | pinhook unpin", deployment_file(image("a:1")));
  EXPECT_EQ(seen.output, deployment_file(image("a:1")));
  EXPECT_EQ(run("pinhook pin").output, "");
  EXPECT_EQ(run("pinhook pin").exit_code, 0);
}

TEST_F(PinProcess, AReaderThatGoesAwayIsNoFailure) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "---\n" + deployment_file(image("a@") + digest('a'));
  const auto seen = run("{ pinhook pin; echo $? >code; } | head -n 2", text);
  EXPECT_EQ(seen.output, "---\n# ours\n");
  EXPECT_EQ(read("code"), "0\n");
}

TEST_F(PinProcess, AFullDiskIsAFailure) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const auto seen = run("pinhook pin >/dev/full", deployment_file(image("a:1")));
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.errors, HasSubstr("pinhook pin: standard output: No space left"));
  // Answers that are short enough to wait in a buffer until the end.
  for (const std::string& command : {"resolve " + image("a:1"), std::string("explain nginx"), std::string("help"),
                                     std::string("--version"), std::string("serve --print-config")}) {
    const auto other = run("pinhook " + command + " >/dev/full");
    EXPECT_EQ(other.exit_code, 1) << command;
    EXPECT_THAT(other.errors, HasSubstr("No space left")) << command;
  }
}

TEST_F(PinProcess, PinsATreeInPlace) {
  write("deploy/web.yaml", deployment_file(image("a:1")));
  write("deploy/more/job.yml", deployment_file(image("b:2")));
  write("deploy/pinned.yaml", deployment_file(pinned_a(), comment_a()));
  write("deploy/out/built.yaml", deployment_file(image("a:1")));
  write("deploy/.gitignore", "out/\n");
  write("deploy/README.md", "image: " + image("a:1") + "\n");
  fs::permissions(work_.path() / "deploy/web.yaml", fs::perms::owner_read | fs::perms::owner_write);
  const auto before = fs::last_write_time(work_.path() / "deploy/pinned.yaml");
  const auto seen = run("pinhook pin -i deploy");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(seen.errors, "pinhook pin: pinned 2 images in 2 files; 1 is pinned already\n");
  EXPECT_EQ(read("deploy/web.yaml"), deployment_file(pinned_a(), comment_a()));
  EXPECT_EQ(read("deploy/more/job.yml"), deployment_file(image("b@") + digest('b'), " # " + image("b:2")));
  EXPECT_EQ(read("deploy/out/built.yaml"), deployment_file(image("a:1")));
  EXPECT_EQ(read("deploy/README.md"), "image: " + image("a:1") + "\n");
  EXPECT_EQ(fs::status(work_.path() / "deploy/web.yaml").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::last_write_time(work_.path() / "deploy/pinned.yaml"), before);

  EXPECT_EQ(run("pinhook unpin -i deploy").exit_code, 0);
  EXPECT_EQ(read("deploy/web.yaml"), deployment_file(image("a:1")));
}

TEST_F(PinProcess, ShowsADiffThatPatchTakes) {
  write("web.yaml", deployment_file(image("a:1")));
  const auto seen = run("pinhook pin --diff web.yaml >change; patch -p1 <change");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.errors, HasSubstr("would pin 1 image in 1 file"));
  EXPECT_EQ(read("web.yaml"), deployment_file(pinned_a(), comment_a()));
}

TEST_F(PinProcess, TouchesNothingWhenOneIsNotResolved) {
  write("a.yaml", deployment_file(image("a:1")));
  write("b.yaml", deployment_file(image("none:1")));
  for (const char* line : {"pinhook pin -i .", "pinhook pin .", "pinhook pin --diff ."}) {
    const auto seen = run(line);
    EXPECT_EQ(seen.exit_code, 3);
    EXPECT_EQ(seen.output, "");
    EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook pin: b.yaml:10:18: container web: "), HasSubstr(image("none:1")),
                                   HasSubstr("nothing is written: 1 image not resolved")));
    EXPECT_EQ(read("a.yaml"), deployment_file(image("a:1")));
  }
  const auto seen = run("pinhook pin -i --keep-going .");
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(read("a.yaml"), deployment_file(pinned_a(), comment_a()));
  EXPECT_EQ(read("b.yaml"), deployment_file(image("none:1")));
}

TEST_F(PinProcess, TouchesNothingWhenOneFileIsNoGood) {
  write("a.yaml", deployment_file(image("a:1")));
  write("b.yaml", "image: [\n");
  const auto seen = run("pinhook pin -i .");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(read("a.yaml"), deployment_file(image("a:1")));
  EXPECT_THAT(seen.errors, HasSubstr("pinhook pin: b.yaml: line "));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(PinProcess, SaysWhichFileCouldNotBeWritten) {
  write("a.yaml", deployment_file(image("a:1")));
  write("shut/b.yaml", deployment_file(image("a:1")));
  // Root can write everywhere but into an immutable directory.
  const char* shut = ::geteuid() == 0 ? "chattr +i shut" : "chmod a-w shut";
  if (run(shut).exit_code != 0) GTEST_SKIP() << "no directory here can be shut to root";
  const auto seen = run("pinhook pin -i a.yaml shut");
  EXPECT_EQ(read("a.yaml"), deployment_file(image("a:1")));
  const auto going = run("pinhook pin -i --keep-going shut a.yaml");
  EXPECT_EQ(run(::geteuid() == 0 ? "chattr -i shut" : "chmod u+w shut").exit_code, 0);
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("cannot write shut/b.yaml"), HasSubstr("no file is written")));
  EXPECT_EQ(going.exit_code, 1);
  EXPECT_THAT(going.errors, AllOf(HasSubstr("cannot write shut/b.yaml"), HasSubstr("1 of 2 files are written")));
  EXPECT_EQ(read("shut/b.yaml"), deployment_file(image("a:1")));
  EXPECT_EQ(read("a.yaml"), deployment_file(pinned_a(), comment_a()));
}

TEST_F(PinProcess, MovesPinsWhenItIsTold) {
  write("web.yaml", deployment_file(pinned_a(), comment_a()));
  serve("a:1", 'c');
  EXPECT_EQ(run("pinhook pin web.yaml").output, deployment_file(pinned_a(), comment_a()));
  EXPECT_THAT(registry_.requests(), IsEmpty());
  EXPECT_EQ(run("pinhook pin --update web.yaml").output, deployment_file(image("a@") + digest('c'), comment_a()));
}

TEST_F(PinProcess, WritesTheTagBesideTheDigest) {
  EXPECT_EQ(run("pinhook pin --format tag-and-digest", deployment_file(image("a:1"))).output,
            deployment_file(image("a:1@") + digest('a')));
  EXPECT_EQ(run("PINHOOK_PIN_FORMAT=tag-and-digest pinhook pin", deployment_file(image("a:1"))).output,
            deployment_file(image("a:1@") + digest('a')));
}

TEST_F(PinProcess, SkipsTemplatesWithAHint) {
  write("chart/templates/web.yaml",
        "{{- if .Values.on }}\n" + deployment_file("\"{{ .Values.image }}\"") + "{{- end }}\n");
  write("chart/values.yaml", "image:\n  repository: " + image("a") + "\n  tag: \"1\"\n");
  const auto seen = run("pinhook pin -i chart");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("chart/templates/web.yaml: skipped: "), HasSubstr("helm template")));
  EXPECT_EQ(read("chart/values.yaml"), "image:\n  repository: " + image("a") + "\n  tag: \"1@" + digest('a') + "\"\n");
  EXPECT_EQ(run("pinhook pin chart/templates/web.yaml").exit_code, 2);
}

TEST_F(PinProcess, AddsEntriesToANamedKustomization) {
  write("base/web.yaml", deployment_file(image("a:1")));
  write("base/kustomization.yaml", "resources:\n  - web.yaml\n");
  write("over/kustomization.yaml", "resources:\n  - ../base\n");
  const auto seen = run("pinhook pin -i over/kustomization.yaml");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(read("over/kustomization.yaml"),
              AllOf(HasSubstr("images:\n"), HasSubstr(image("a")), HasSubstr(digest('a'))));
  EXPECT_EQ(read("base/web.yaml"), deployment_file(image("a:1")));
  EXPECT_THAT(run("pinhook pin -i over/kustomization.yaml").errors, HasSubstr("nothing to pin"));
}

TEST_F(PinProcess, RefusesWrongUsage) {
  EXPECT_EQ(run("pinhook pin none.yaml").exit_code, 2);
  EXPECT_EQ(run("pinhook pin -i").exit_code, 2);
  EXPECT_EQ(run("pinhook pin -i -", deployment_file(image("a:1"))).exit_code, 2);
  write("a.yaml", deployment_file(image("a:1")));
  EXPECT_EQ(run("pinhook pin --lock none.lock a.yaml").exit_code, 2);
  EXPECT_EQ(run("pinhook pin --offline a.yaml").exit_code, 3);
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(PinProcess, AsksARealRegistryForTheIndex) {
  docker_registry registry;
  asio::io_context io(1);
  image_pusher push(io, registry.url());
  const auto index = push.push_index("shop/web", "1.0", "seed");
  const auto name = registry.host() + "/shop/web";
  const auto seen = run("PINHOOK_REGISTRIES='{\"" + registry.host() + "\": {plain_http: true}}' pinhook pin",
                        deployment_file(name + ":1.0"));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, deployment_file(name + "@" + index, " # " + name + ":1.0"));
}

TEST_F(PinProcess, AsksEachImageOnceForManyFiles) {
  for (int i = 0; i < 40; ++i) write(fmt::format("d/{}.yaml", i), deployment_file(image(i % 2 == 0 ? "a:1" : "b:2")));
  const auto seen = run("pinhook pin -i d");
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(registry_.requests(), SizeIs(2));
  EXPECT_EQ(seen.errors, "pinhook pin: pinned 40 images in 40 files\n");
}

}  // namespace
}  // namespace pinhook::testing
