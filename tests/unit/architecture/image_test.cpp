// .ci/image with programs in place of docker and buildah that record what they are called with.
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Image : public ::testing::Test {
 protected:
  void SetUp() override {
    stage_.put_program("uname", "echo x86_64");
    stage_.put_program("docker", "exit 1");
    // Pushing makes the folder that is measured; there is a list of an earlier build when a file says so.
    stage_.put_program("buildah",
                       "echo \"buildah $*\" >>\"$WORK/calls\"\n"
                       "case $1 in\n"
                       "  push) folder=${@: -1:1}; mkdir -p \"${folder#*:}\" ;;\n"
                       "  inspect) echo 65532:65532 ;;\n"
                       "  manifest) [ \"$2\" != rm ] || [ -e \"$WORK/list\" ] ;;\n"
                       "esac");
  }

  void use_docker(const std::string& store) {
    stage_.put_program("docker",
                       "echo \"docker $*\" >>\"$WORK/calls\"\n"
                       "[ $1 != build ] || [ \"${DOCKER_BUILDKIT:-}\" = 1 ] || exit 4\n"
                       "case \"$*\" in *DriverStatus*) echo '" +
                           store + "' ;; *Size*) echo 1000000 ;; esac");
  }

  int run(const std::string& environment, const std::string& arguments = "") {
    return stage_.run(fmt::format("{} bash '{}/.ci/image' {}", environment, source_dir(), arguments));
  }

  script_stage stage_;
};

TEST_F(Image, IsBuiltForBothArchitecturesAndListed) {
  ASSERT_EQ(run("IMAGE=r.example/pinhook:1", "--build-arg TESTS=off"), 0) << stage_.read("errors");
  const std::string calls = stage_.read("calls");
  EXPECT_THAT(calls, AllOf(HasSubstr("--platform linux/amd64 -t r.example/pinhook:1-amd64 "),
                           HasSubstr("--platform linux/arm64 -t r.example/pinhook:1-arm64 "),
                           HasSubstr("--build-arg TESTS=off ."),
                           HasSubstr("buildah manifest create r.example/pinhook:1 r.example/pinhook:1-amd64 "
                                     "r.example/pinhook:1-arm64\n")));
  EXPECT_THAT(
      stage_.read("out"),
      AllOf(HasSubstr("r.example/pinhook:1: a manifest list of linux/amd64 linux/arm64\n"),
            HasSubstr("to push it: buildah manifest push --all r.example/pinhook:1 docker://r.example/pinhook:1\n")));
}

TEST_F(Image, TakesThePlaceOfAnEarlierBuild) {
  ASSERT_EQ(run("IMAGE=localhost:5000/pinhook"), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("calls"), StartsWith("buildah manifest rm localhost:5000/pinhook:latest\n"
                                               "buildah rmi localhost:5000/pinhook:latest\n"
                                               "buildah build "));
  stage_.write("list", "");
  stage_.write("calls", "");
  ASSERT_EQ(run("IMAGE=localhost:5000/pinhook"), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("calls"), StartsWith("buildah manifest rm localhost:5000/pinhook:latest\nbuildah build "));
}

// The registry is asked for what was pushed, whatever the tag has by then.
TEST_F(Image, IsPushedAndSignedWithAKey) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  stage_.put_program("skopeo", "echo \"skopeo $*\" >>\"$WORK/calls\"; exit 1");
  ASSERT_EQ(stage_.run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $WORK/key.pem"), 0);
  const std::string signs = "SIGN_KEY=$WORK/key.pem IMAGE=r.example/pinhook:1";
  const auto push_with = [&](const std::string& platforms, const std::string& push) {
    stage_.write("calls", "");
    EXPECT_EQ(run(signs + platforms), 3);
    EXPECT_THAT(stage_.read("calls"), HasSubstr(push));
    EXPECT_THAT(stage_.read("calls"), HasSubstr("skopeo inspect --raw docker://r.example/pinhook@" + digest + "\n"));
    EXPECT_THAT(stage_.read("errors"), HasSubstr("r.example/pinhook@" + digest + " cannot be read from its registry"));
    EXPECT_THAT(stage_.read("calls"), Not(HasSubstr("key.pem")));
  };
  stage_.put_program("buildah",
                     "echo \"buildah $*\" >>\"$WORK/calls\"\n"
                     "case $1 in inspect) echo 65532:65532 ;; push) mkdir -p \"${@: -1:1}\" 2>/dev/null; "
                     "folder=${@: -1:1}; mkdir -p \"${folder#*:}\" ;; esac\n"
                     "while [ $# -gt 1 ]; do [ \"$1\" != --digestfile ] || printf " +
                         digest + " >\"$2\"; shift; done");
  push_with("", "--all r.example/pinhook:1 docker://r.example/pinhook:1\n");
  stage_.put_program("docker",
                     "echo \"docker $*\" >>\"$WORK/calls\"\ncase \"$*\" in *Size*) echo 1000000 ;; push*) "
                     "echo '1: digest: " +
                         digest + " size: 528' ;; esac");
  push_with(" PLATFORMS=linux/amd64", "docker push r.example/pinhook:1\n");
  stage_.put_program("docker", "case \"$*\" in *Size*) echo 1000000 ;; push*) exit 1 ;; esac");
  EXPECT_EQ(run(signs + " PLATFORMS=linux/amd64"), 3);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("r.example/pinhook:1 was not pushed, so it is not signed"));
}

// Minutes of building would be lost.
TEST_F(Image, WhatCannotBeSignedIsNotBuilt) {
  stage_.put_program("skopeo", "exit 1");
  const std::string made = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:";
  ASSERT_EQ(stage_.run(made + "P-256 -out $WORK/key.pem && " + made + "secp256k1 -out $WORK/k1.pem"), 0);
  stage_.write("cosign.key", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n");
  const std::pair<const char*, const char*> all[] = {
      {"SIGN_KEY=$WORK/key.pem IMAGE=pinhook:dev", "pinhook:dev names no registry"},
      {"SIGN_KEY=$WORK/none.pem IMAGE=r.example/a", "none.pem is not a file that can be read"},
      {"SIGN_KEY=$WORK/k1.pem IMAGE=r.example/a", "k1.pem is not a key that signatures are verified by"},
      {"SIGN_KEY=$WORK/cosign.key IMAGE=r.example/a", "cosign.key is encrypted by cosign: COSIGN_PASSWORD must have"},
      {"COSIGN_PASSWORD=x SIGN_KEY=$WORK/cosign.key IMAGE=r.example/a", "cosign.key is damaged"},
      {"SIGN_KEY=CMakeLists.txt IMAGE=r.example/a", "CMakeLists.txt is not a private key in PEM"},
  };
  for (const auto& [environment, reason] : all) {
    EXPECT_EQ(run(environment), 2) << environment;
    EXPECT_THAT(stage_.read("errors"), HasSubstr(reason));
    EXPECT_FALSE(stage_.exists("calls"));
  }
}

// The builder runs on this machine whatever it builds for.
TEST_F(Image, IsBuiltByACompilerOfThisMachine) {
  ASSERT_EQ(run("PLATFORMS=linux/arm64"), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("calls"), HasSubstr("--build-arg BUILDPLATFORM=linux/amd64 --build-arg BUILDARCH=amd64 "));
}

TEST_F(Image, OfOnePlatformIsNoList) {
  for (const auto& [machine, environment] : {std::pair{"x86_64", "PLATFORMS=linux/arm64"}, std::pair{"aarch64", ""}}) {
    stage_.put_program("uname", std::string("echo ") + machine);
    stage_.write("calls", "");
    ASSERT_EQ(run(environment), 0) << stage_.read("errors");
    EXPECT_THAT(stage_.read("calls"),
                AllOf(HasSubstr("--platform linux/arm64 -t pinhook:dev "), Not(HasSubstr("manifest"))))
        << machine;
    EXPECT_THAT(stage_.read("out"), HasSubstr("to push it: buildah push pinhook:dev\n"));
  }
}

TEST_F(Image, OfDockerIsAListWhereItsStoreHoldsLists) {
  use_docker("[[driver-type io.containerd.snapshotter.v1]]");
  ASSERT_EQ(run(""), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("calls"), AllOf(HasSubstr("docker build --platform linux/amd64,linux/arm64 -t pinhook:dev "),
                                          Not(HasSubstr("buildah"))));
  use_docker("[[Backing Filesystem extfs]]");
  ASSERT_EQ(run(""), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("calls"), HasSubstr("docker build --platform linux/amd64 -t pinhook:dev "));
  EXPECT_THAT(stage_.read("errors"), HasSubstr("holds one platform only: building linux/amd64"));
}

TEST_F(Image, ThatCannotBeBuiltIsNotListed) {
  stage_.put_program("buildah", "echo \"buildah $*\" >>\"$WORK/calls\"; exit 3");
  EXPECT_EQ(run(""), 3);
  EXPECT_THAT(stage_.read("calls"), Not(HasSubstr("manifest create")));
}

}  // namespace
}  // namespace pinhook::testing
