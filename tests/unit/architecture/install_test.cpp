// .ci/install with programs in place of apt's and dpkg's that record their arguments.
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Install : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder :
         {"ci", "programs", "root/etc/init.d", "root/etc/systemd/system/multi-user.target.wants", "root/usr/sbin"})
      fs::create_directories(work_.path() / folder);
    fs::copy_file(fs::path(source_dir()) / ".ci/install", work_.path() / "ci/install");
    work_.write("ci/packages",
                "# group package for\n"
                "build g++ the compiler\n"
                "build libboost1.81-dev:target|libboost1.83-dev:target Asio\n"
                "test registryd a server\n");
    work_.put_program("id", "echo 0");
    work_.put_program("dpkg-query", "grep -qx \"$3\" \"$WORK/installed\" && echo 'install ok installed'");
    // Every name is known; those that other packages merely mention have no version.
    work_.put_program(
        "apt-cache",
        "[ \"$1\" = policy ] || exit 0\n"
        "echo \"$2:\"\n"
        "if grep -qx \"$2\" \"$WORK/available\"; then echo '  Candidate: 1.2-3'; else echo '  Candidate: (none)'; fi");
    work_.put_program("apt-get",
                      "echo \"apt-get $*\" >>\"$WORK/calls\"\n"
                      "[ \"$1\" = install ] || exit 0\n"
                      "cp \"$ROOT/usr/sbin/policy-rc.d\" \"$WORK/policy\"\n"
                      "touch \"$ROOT/etc/init.d/registryd\"\n"
                      "ln -s /nowhere \"$ROOT/etc/systemd/system/multi-user.target.wants/registryd.service\"\n"
                      "cat \"$WORK/apt-get-fails\" 2>/dev/null && exit 100; exit 0");
    for (const char* name : {"dpkg", "update-rc.d", "deb-systemd-helper"})
      work_.put_program(name, fmt::format("echo \"{} $*\" >>\"$WORK/calls\"", name));
    set_system("debian", "12", "Debian GNU/Linux 12 (bookworm)");
    work_.write("installed", "");
    work_.write("available", "g++\nlibboost1.81-dev\nregistryd\n");
  }

  void set_system(const std::string& id, const std::string& version, const std::string& name) {
    work_.write("root/etc/os-release",
                fmt::format("ID={}\nVERSION_ID=\"{}\"\nPRETTY_NAME=\"{}\"\n", id, version, name));
  }

  int run(const std::string& groups, const std::string& target = "") {
    return work_.run(fmt::format("ROOT=\"$WORK/root\" TARGET='{}' bash \"$WORK/ci/install\" {}", target, groups));
  }

  [[nodiscard]] std::string read(const std::string& name) const { return work_.read(name); }
  [[nodiscard]] bool exists(const std::string& name) const { return work_.exists(name); }

  script_stage work_;
};

TEST_F(Install, InstallsWhatIsMissingOfTheGroups) {
  work_.write("installed", "g++\n");
  EXPECT_EQ(run("build test"), 0) << read("errors");
  EXPECT_THAT(read("calls"), StartsWith("apt-get update -qq\n"
                                        "apt-get install -y -qq --no-install-recommends libboost1.81-dev registryd\n"));
  EXPECT_EQ(read("out"), "installing: libboost1.81-dev registryd\n");
}

TEST_F(Install, TakesTheNameThatTheSystemHas) {
  set_system("debian", "13", "Debian GNU/Linux 13 (trixie)");
  work_.write("available", "g++\nlibboost1.83-dev\n");
  EXPECT_EQ(run("build"), 0) << read("errors");
  EXPECT_THAT(read("calls"), HasSubstr("--no-install-recommends g++ libboost1.83-dev\n"));
}

TEST_F(Install, TakesLibrariesOfTheTarget) {
  work_.write("installed", "libboost1.81-dev\n");
  work_.write("available", "g++\nlibboost1.81-dev:arm64\nregistryd\n");
  EXPECT_EQ(run("build test", "arm64"), 0) << read("errors");
  EXPECT_THAT(read("calls"),
              StartsWith("dpkg --add-architecture arm64\n"
                         "apt-get update -qq\n"
                         "apt-get install -y -qq --no-install-recommends g++ libboost1.81-dev:arm64 registryd\n"));
  fs::remove(work_.path() / "calls");
  work_.write("installed", "g++\nlibboost1.81-dev:arm64\n");
  EXPECT_EQ(run("build", "arm64"), 0) << read("errors");
  EXPECT_FALSE(exists("calls"));
}

TEST_F(Install, RunsNothingWhereEverythingIsInstalled) {
  set_system("ubuntu", "24.04", "Ubuntu 24.04.1 LTS");
  work_.write("installed", "g++\nlibboost1.83-dev\n");
  EXPECT_EQ(run("build"), 0) << read("errors");
  EXPECT_FALSE(exists("calls"));
}

TEST_F(Install, NamesTheSystemsThatItSupports) {
  struct sample {
    const char* id;
    const char* version;
    const char* name;
  };
  for (const auto& s : {sample{"ubuntu", "24.04", "Ubuntu 24.04.1 LTS"}, sample{"debian", "11", "Debian GNU/Linux 11"},
                        sample{"fedora", "41", "Fedora Linux 41"}}) {
    set_system(s.id, s.version, s.name);
    EXPECT_EQ(run("build"), 1) << s.name;
    EXPECT_THAT(read("errors"), AllOf(HasSubstr("needs Debian 12 or 13; this is " + std::string(s.name)),
                                      HasSubstr("docker build --build-arg TESTS=off")));
    EXPECT_FALSE(exists("calls"));
  }
}

TEST_F(Install, SaysWhichPackageThereIsNotToBeHad) {
  work_.write("available", "g++\n");
  EXPECT_EQ(run("build"), 1);
  EXPECT_THAT(read("errors"), HasSubstr("no package libboost1.81-dev or libboost1.83-dev"));
  EXPECT_THAT(read("calls"), Not(HasSubstr("install")));
}

TEST_F(Install, StartsNoServer) {
  EXPECT_EQ(run("build test"), 0) << read("errors");
  EXPECT_THAT(read("policy"), HasSubstr("exit 101"));
  EXPECT_FALSE(exists("root/usr/sbin/policy-rc.d"));
  EXPECT_THAT(read("calls"), AllOf(HasSubstr("update-rc.d registryd disable"),
                                   HasSubstr("deb-systemd-helper disable registryd.service")));
}

TEST_F(Install, RemovesItsPolicyWhenAptFails) {
  work_.write("apt-get-fails", "E: broken\n");
  EXPECT_EQ(run("build test"), 100);
  EXPECT_THAT(read("errors"), HasSubstr("E: broken"));
  EXPECT_FALSE(exists("root/usr/sbin/policy-rc.d"));
  EXPECT_THAT(read("calls"), HasSubstr("update-rc.d registryd disable"));
}

// As in an image for containers: no folder of services that start at boot.
TEST_F(Install, TakesASystemThatStartsNothing) {
  fs::remove_all(work_.path() / "root/etc/init.d");
  fs::remove_all(work_.path() / "root/etc/systemd");
  EXPECT_EQ(run("build"), 0) << read("errors");
  EXPECT_THAT(read("calls"), AllOf(HasSubstr("install"), Not(HasSubstr("disable"))));
}

TEST_F(Install, LeavesThePolicyOfTheSystem) {
  work_.write("root/usr/sbin/policy-rc.d", "ours\n");
  EXPECT_EQ(run("build"), 0) << read("errors");
  EXPECT_EQ(read("policy"), "ours\n");
  EXPECT_EQ(read("root/usr/sbin/policy-rc.d"), "ours\n");
}

TEST_F(Install, LeavesServicesThatWereThere) {
  work_.write("root/etc/init.d/registryd", "");
  fs::create_symlink("/nowhere", work_.path() / "root/etc/systemd/system/multi-user.target.wants/registryd.service");
  EXPECT_EQ(run("build"), 0) << read("errors");
  EXPECT_THAT(read("calls"), Not(HasSubstr("disable")));
}

}  // namespace
}  // namespace pinhook::testing
