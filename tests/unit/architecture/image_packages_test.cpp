// What the image's packages are, come from and lack: .ci/image-materials, .ci/snapshot and .ci/cves, with programs in
// place of apt's, dpkg's and debsecan.
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
using ::testing::HasSubstr;
using ::testing::Not;

class ImagePackages : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder :
         {"programs", "root/etc/apt/sources.list.d", "image/var/lib/dpkg/status.d", "image/usr/share/doc/pinhook"})
      fs::create_directories(stage_.path() / folder);
    stage_.write("root/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
  }

  int run(const std::string& script, const std::string& environment = "") const {
    return stage_.run(fmt::format("cd '{}' && ROOT=$WORK/root {} .ci/{}", source_dir(), environment, script));
  }

  script_stage stage_;
};

TEST_F(ImagePackages, MaterialsAreTheBaseAndEachPackageWithTheHashOfItsFile) {
  stage_.put_program("dpkg-query",
                     "echo 'ii  zlib1g:amd64=1:1.2.13.dfsg-1'; echo 'rc  gone:amd64=1'; echo 'ii  g++:amd64=4:12.2'\n"
                     "echo 'ii  tzdata:all=2026a'");
  stage_.put_program(
      "apt-cache",
      "[ \"$*\" = 'show g++:amd64=4:12.2 tzdata=2026a zlib1g:amd64=1:1.2.13.dfsg-1' ] || echo \"$*\" >&2\n"
      "printf 'Package: zlib1g\\nVersion: 1:1.2.13.dfsg-1\\nArchitecture: amd64\\nSHA256: aaaa\\n\\n'\n"
      "printf 'Package: tzdata\\nArchitecture: all\\nVersion: 2026a\\nSHA256: bbbb\\n'\n"
      "exit 100");
  ASSERT_EQ(run("image-materials docker://debian sha256:cccc"), 0) << stage_.read("errors");
  EXPECT_EQ(stage_.read("out"),
            "docker://debian sha256:cccc\n"
            "pkg:deb/debian/g%2B%2B@4%3A12.2?arch=amd64&distro=debian-12 -\n"
            "pkg:deb/debian/tzdata@2026a?arch=all&distro=debian-12 sha256:bbbb\n"
            "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12 sha256:aaaa\n");
}

TEST_F(ImagePackages, MaterialsWithoutAnyListOfAptNameThePackagesAllTheSame) {
  stage_.put_program("dpkg-query", "echo 'ii  libc6:amd64=2.36'");
  stage_.put_program("apt-cache", "exit 100");
  ASSERT_EQ(run("image-materials docker://debian ''"), 0);
  EXPECT_EQ(stage_.read("out"), "docker://debian -\npkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12 -\n");
}

TEST_F(ImagePackages, ASnapshotTurnsEachSourceOfDebianAndNoOther) {
  struct {
    const char* file;
    const char* before;
    const char* after;
  } const cases[] = {
      {"sources.list.d/debian.sources",
       "# http://archive.example/debian\nURIs: http://archive.example/debian\nSuites: a b\n",
       "# http://archive.example/debian\nURIs: http://snapshot.debian.org/archive/debian/20261129T000000Z/\nSuites: a "
       "b\n"},
      {"sources.list",
       "deb https://mirror.example/debian/ bookworm main\ndeb http://x.example/debian-security s main\n",
       "deb http://snapshot.debian.org/archive/debian/20261129T000000Z/ bookworm main\n"
       "deb http://snapshot.debian.org/archive/debian-security/20261129T000000Z/ s main\n"},
      {"sources.list.d/other.list", "deb https://packages.example/apt any main\n",
       "deb https://packages.example/apt any main\n"},
  };
  for (const auto& one : cases) stage_.write(fmt::format("root/etc/apt/{}", one.file), one.before);
  ASSERT_EQ(run("snapshot 20261129T000000Z"), 0) << stage_.read("errors");
  for (const auto& one : cases) EXPECT_EQ(stage_.read(fmt::format("root/etc/apt/{}", one.file)), one.after);
  EXPECT_EQ(stage_.read("root/etc/apt/apt.conf.d/99snapshot"), "Acquire::Check-Valid-Until \"false\";\n");
}

TEST_F(ImagePackages, ASnapshotIsADateAndHasSources) {
  for (const char* date : {"''", "yesterday", "2026-11-29", "20261129T000000Z/../x"}) {
    EXPECT_EQ(run(fmt::format("snapshot {}", date)), 2) << date;
    EXPECT_THAT(stage_.read("errors"), HasSubstr("SNAPSHOT must be a date")) << date;
  }
  EXPECT_EQ(run("snapshot 20261129T000000Z"), 1);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("no package source of Debian"));
  EXPECT_FALSE(stage_.exists("root/etc/apt/apt.conf.d/99snapshot"));
}

class Cves : public ImagePackages {
 protected:
  void SetUp() override {
    ImagePackages::SetUp();
    stage_.write("image/var/lib/dpkg/status.d/libssl3",
                 "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.19-1\n");
    stage_.write("image/var/lib/dpkg/status.d/zlib1g",
                 "Package: zlib1g\nStatus: install ok installed\nVersion: 1.2-1\n");
    stage_.write("image/usr/share/doc/pinhook/pinhook.cdx.json",
                 R"({"purl":"pkg:deb/debian/zlib1g?distro=debian-12"})");
    stage_.put_program("id", "echo 1000");
    set_newest("3.0.19-1");
    set_debsecan("", "");
  }

  void set_newest(const std::string& libssl3) const {
    stage_.put_program("apt-cache",
                       fmt::format("case $2 in libssl3) v={} ;; *) v=1.2-1 ;; esac\n"
                                   "echo \" $2 | 9:9 | http://deb.example/debian bookworm/main Sources\"\n"
                                   "echo \" $2 | $v | http://deb.example/debian bookworm/main amd64 Packages\"",
                                   libssl3));
  }
  void set_debsecan(const std::string& all, const std::string& fixed) const {
    stage_.put_program("debsecan",
                       fmt::format("echo \"$*\" >>\"$WORK/calls\"; grep -c ^Package: \"$4\" >\"$WORK/packages\"\n"
                                   "case \"$*\" in *only-fixed*) printf '{}' ;; *) printf '{}' ;; esac",
                                   fixed, all));
  }
  int check(const std::string& environment = "") const {
    return run(fmt::format("cves {}/image", stage_.path().string()), environment);
  }
};

TEST_F(Cves, KnownOnesThatDebianHasNotFixedAreListedAndNoFailure) {
  set_debsecan("CVE-2026-2 zlib1g\\nCVE-2026-1 libssl3\\n", "");
  EXPECT_EQ(check("DEBSECAN_SOURCE=file:///data"), 0) << stage_.read("errors");
  EXPECT_EQ(stage_.read("out"),
            "apt: 2 packages compared with Debian 12 of today\n"
            "CVE-2026-1 libssl3\nCVE-2026-2 zlib1g\n"
            "debsecan: 2 known faults of these packages, 0 of them fixed in Debian 12\n");
  EXPECT_EQ(stage_.read("packages"), "2\n");
  EXPECT_THAT(stage_.read("calls"), HasSubstr("--suite bookworm"));
  EXPECT_THAT(stage_.read("calls"), HasSubstr("--source file:///data"));
}

TEST_F(Cves, OneThatDebianHasFixedIsAFailure) {
  set_debsecan("CVE-2026-1 libssl3 (fixed)\\n", "CVE-2026-1 libssl3 (fixed)\\n");
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(stage_.read("out"), HasSubstr("fixed in Debian, not in the image: CVE-2026-1 libssl3"));
  EXPECT_THAT(stage_.read("errors"), HasSubstr("build it anew"));
}

// The data as the tracker serves it to debsecan 0.4: compressed; names of faults, then packages with the number of a
// fault, flags (source or binary; urgency; remote; "F" where a fix is there), the version that has the fix, and others
// that have it.
TEST_F(Cves, DebsecanItselfReadsACopyOfTheData) {
  if (!fs::exists("/usr/bin/debsecan")) GTEST_SKIP() << "debsecan is not installed";
  stage_.put_program("debsecan", "exec /usr/bin/debsecan \"$@\"");
  stage_.write("image/var/lib/dpkg/status.d/libssl3",
               "Package: libssl3\nSource: openssl\nStatus: install ok installed\nVersion: 3.0.19-1\n");
  stage_.write("data.py", R"(
import pathlib, sys, zlib
faults = "CVE-2026-1,,mended\nCVE-2026-2,,open\nCVE-2026-3,,mended before\n"
packages = "openssl,0,SHRF,3.0.19-1+deb12u1,\nzlib,1,S   ,,\nzlib1g,1,BM? ,,\nopenssl,2,SL F,3.0.18-1,\n"
pathlib.Path(sys.argv[1]).write_bytes(zlib.compress(f"VERSION 1\n{faults}\n{packages}\n\n".encode()))
)");
  ASSERT_EQ(stage_.run("/usr/bin/python3 $WORK/data.py $WORK/bookworm"), 0) << stage_.read("errors");
  EXPECT_EQ(check("DEBSECAN_SOURCE=file://$WORK"), 1) << stage_.read("errors");
  EXPECT_EQ(stage_.read("out"),
            "apt: 2 packages compared with Debian 12 of today\n"
            "CVE-2026-1 libssl3 (fixed, remotely exploitable, high urgency)\n"
            "CVE-2026-2 zlib1g (medium urgency)\n"
            "debsecan: 2 known faults of these packages, 1 of them fixed in Debian 12\n"
            "fixed in Debian, not in the image: CVE-2026-1 libssl3 (fixed, remotely exploitable, high urgency)\n");
  // An error page in place of the data is no answer of "none".
  stage_.write("bookworm", "<html></html>");
  EXPECT_EQ(check("DEBSECAN_SOURCE=file://$WORK"), 0);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("debsecan is not asked: its data cannot be read: "));
}

TEST_F(Cves, ANewerVersionIsAFailureAlsoWithoutTheTracker) {
  stage_.put_program("debsecan", "echo 'error: Name or service not known' >&2; exit 1");
  EXPECT_EQ(check(), 0) << "apt alone finds nothing";
  EXPECT_THAT(stage_.read("errors"), HasSubstr("its data cannot be read: error: Name or service"));
  set_newest("3.0.19-1+deb12u1");
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(stage_.read("out"), HasSubstr("libssl3 3.0.19-1: Debian 12 has 3.0.19-1+deb12u1\n"));
  EXPECT_THAT(stage_.read("out"), Not(HasSubstr("zlib1g 1.2")));
  // An image that is newer than the lists here lacks nothing.
  set_newest("3.0.18-9");
  EXPECT_EQ(check(), 0);
}

TEST_F(Cves, AskingNobodyIsNoPass) {
  stage_.put_program("debsecan", "exit 1");
  stage_.write("root/etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n");
  EXPECT_EQ(check(), 2);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("this system is not Debian 12"));
  fs::remove_all(stage_.path() / "image/var");
  EXPECT_EQ(check(), 2);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("is it an image of `make image`?"));
}

}  // namespace
}  // namespace pinhook::testing
