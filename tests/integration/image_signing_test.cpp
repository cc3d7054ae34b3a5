// .ci/sign on a real registry: what it leaves there is what pinhook and cosign verify.
#include "support/docker_registry.hpp"
#include "support/image_pusher.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "support/run.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;

class ImageSigning : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"skopeo", "jq"})
      if (stage_.run(fmt::format("command -v {}", program)) != 0)
        GTEST_SKIP() << "signing needs " << program << ", which is not installed";
    for (const char* name : {"acme", "other"})
      ASSERT_EQ(
          stage_.run(fmt::format("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $WORK/{0}.pem "
                                 "&& openssl pkey -in $WORK/{0}.pem -pubout -out $WORK/{0}.pub",
                                 name)),
          0)
          << stage_.read("errors");
    digest_ = image_pusher(io_, registry_.url()).push_image("acme/pinhook", "1", "seed");
  }
  [[nodiscard]] std::string image() const { return fmt::format("{}/acme/pinhook@{}", registry_.host(), digest_); }
  [[nodiscard]] int sign(const std::string& with) const {
    return stage_.run(fmt::format("'{}/.ci/sign' {} $WORK/{}.pem", source_dir(), image(), with));
  }
  [[nodiscard]] program_result verify(const std::string& by) const {
    const std::string key = (stage_.path() / (by + ".pub")).string();
    return run_program({"verify", "--key", key, image()}, {"PINHOOK_CLOUDS=[]", "HOME=" + stage_.path().string()});
  }

  asio::io_context io_;
  docker_registry registry_;
  script_stage stage_;
  std::string digest_;
};

TEST_F(ImageSigning, IsVerifiedByPinhookAndCosign) {
  EXPECT_EQ(verify("acme").exit_code, 1);
  ASSERT_EQ(sign("acme"), 0) << stage_.read("errors");
  const auto good = verify("acme");
  EXPECT_EQ(good.exit_code, 0) << good.output << good.errors;
  EXPECT_THAT(good.output, HasSubstr("+ cosign bundle by key sha256:"));
  EXPECT_EQ(verify("other").exit_code, 1);
  ASSERT_EQ(sign("other"), 0) << stage_.read("errors");
  for (const char* by : {"acme", "other"})
    EXPECT_EQ(verify(by).exit_code, 0) << "each of two signatures counts: " << by;
  if (stage_.run("command -v cosign") != 0) GTEST_SKIP() << "cosign is not installed: pinhook alone has verified";
  const std::string cosign =
      fmt::format("HOME=$WORK cosign verify --insecure-ignore-tlog=true --key $WORK/acme.pub {}", image());
  EXPECT_EQ(stage_.run(cosign), 0) << stage_.read("errors");
}

}  // namespace
}  // namespace pinhook::testing
