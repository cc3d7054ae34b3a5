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

// By cosign 3.1.3: COSIGN_PASSWORD='pass phrase' cosign generate-key-pair
constexpr const char* cosign_key = R"(-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJ1WDlIS0hqYjRKeWltUS9nTlkyaGJmNXNRZExxQ2c3
MFJXQmFpK3pka3JZPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJiOENiWUFHL0ZqYThUMDhVbElWZnFMNlRNMk5xMktDbSJ9LCJj
aXBoZXJ0ZXh0Ijoiemg4UXg1RENUVVVjb3dpTnNJZVQ3OHJXT3dNVG1PZ0JNWFZW
eTF2M05IU2ZHY0FBb2YzdStCTCtFSVN3NmF6UFIvamRjQ1ZySERDU3FZbGZEajZm
TXBuUTdROGFoekY5bmN0YzdZK3ZxZVZkanZYbU1xK24zM0dldFVDSEJCWXM5eGFP
U3pvMXJvTzR3VjRmdXo3RFQxMllKU0NQL056Z2tKWGkydDUyN3hpOEVTSXZndk9W
Y3d1d09yNVJFQ3FNZWRhbmZHUTVVY1dGRHc9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
)";
constexpr const char* cosign_pub = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZtr4GEuFzqNE9fJGXNY5MdgoCam+
nmgEsa0DcdB2KefsaXwHdsGCjVTcu6uPTQYwTwfTpKynB5aZ4XOgVrBj+g==
-----END PUBLIC KEY-----
)";

class ImageSigning : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"skopeo", "jq"})
      if (stage_.run(fmt::format("command -v {}", program)) != 0)
        GTEST_SKIP() << "signing needs " << program << ", which is not installed";
    for (const char* name : {"acme", "other"}) make_key(name, "EC -pkeyopt ec_paramgen_curve:P-256");
    digest_ = image_pusher(io_, registry_.url()).push_image("acme/pinhook", "1", "seed");
  }
  void make_key(const std::string& name, const std::string& algorithm) const {
    ASSERT_EQ(stage_.run(fmt::format("openssl genpkey -quiet -algorithm {1} -out $WORK/{0}.pem && "
                                     "openssl pkey -in $WORK/{0}.pem -pubout -out $WORK/{0}.pub",
                                     name, algorithm)),
              0)
        << stage_.read("errors");
  }
  [[nodiscard]] std::string image() const { return fmt::format("{}/acme/pinhook@{}", registry_.host(), digest_); }
  [[nodiscard]] int sign(const std::string& with, const std::string& environment = {}) const {
    return stage_.run(fmt::format("{} '{}/.ci/sign' {} $WORK/{}.pem", environment, source_dir(), image(), with));
  }
  [[nodiscard]] program_result verify(const std::string& by) const {
    const std::string key = (stage_.path() / (by + ".pub")).string();
    return run_program({"verify", "--key", key, image()}, {"PINHOOK_CLOUDS=[]", "HOME=" + stage_.path().string()});
  }

  // In the path, or as tests/bench/signatures builds it.
  static constexpr const char* find_cosign =
      "cosign=${COSIGN:-$(command -v cosign || ls -d ${XDG_CACHE_HOME:-$HOME/.cache}/pinhook/bench/v3*/cosign)} && ";
  [[nodiscard]] bool has_cosign() const { return stage_.run(fmt::format("{}\"$cosign\" version", find_cosign)) == 0; }
  [[nodiscard]] int verify_by_cosign(const std::string& by) const {
    return stage_.run(fmt::format("{}HOME=$WORK \"$cosign\" verify --insecure-ignore-tlog=true --key $WORK/{}.pub {}",
                                  find_cosign, by, image()));
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
  if (!has_cosign()) GTEST_SKIP() << "cosign is not installed: pinhook alone has verified";
  EXPECT_EQ(verify_by_cosign("acme"), 0) << stage_.read("errors");
}

TEST_F(ImageSigning, TakesTheKeysThatPinhookAndCosignVerifyBy) {
  const std::pair<const char*, const char*> all[] = {{"p384", "EC -pkeyopt ec_paramgen_curve:P-384"},
                                                     {"p521", "EC -pkeyopt ec_paramgen_curve:P-521"},
                                                     {"rsa", "RSA -pkeyopt rsa_keygen_bits:3072"},
                                                     {"edwards", "ED25519"}};
  for (const auto& [name, algorithm] : all) {
    make_key(name, algorithm);
    EXPECT_EQ(verify(name).exit_code, 1) << name;
    ASSERT_EQ(sign(name), 0) << name << stage_.read("errors");
    EXPECT_THAT(stage_.read("errors"), HasSubstr("no entry in a transparency log")) << name;
    EXPECT_THAT(stage_.read("errors"), HasSubstr("cosign import-key-pair --key ")) << name;
    EXPECT_EQ(verify(name).exit_code, 0) << name;
    EXPECT_TRUE(!has_cosign() || verify_by_cosign(name) == 0) << name << stage_.read("errors");
  }
  // What these signatures lack is what a verifier may demand.
  stage_.write("logged.yaml",
               fmt::format("verifiers: [{{name: logged, cosign: {{keys: [{}/rsa.pub], require: [log], "
                           "trusted_root: {}/tests/corpus/signatures/keyless-email/trusted_root.json}}}}]",
                           stage_.path().string(), source_dir()));
  const auto logged =
      run_program({"verify", "--config", (stage_.path() / "logged.yaml").string(), "--verifier", "logged", image()},
                  {"PINHOOK_CLOUDS=[]", "HOME=" + stage_.path().string()});
  EXPECT_EQ(logged.exit_code, 1) << logged.output << logged.errors;
  EXPECT_THAT(logged.output, HasSubstr("it has no entry of a transparency log"));
}

TEST_F(ImageSigning, TakesKeysThatAreEncrypted) {
  stage_.write("cosign.pem", cosign_key);
  stage_.write("cosign.pub", cosign_pub);
  EXPECT_EQ(sign("cosign"), 2);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("COSIGN_PASSWORD must have its passphrase"));
  EXPECT_EQ(sign("cosign", "COSIGN_PASSWORD=other"), 2);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("COSIGN_PASSWORD is not the passphrase of"));
  EXPECT_EQ(verify("cosign").exit_code, 1);
  ASSERT_EQ(sign("cosign", "COSIGN_PASSWORD='pass phrase'"), 0) << stage_.read("errors");
  EXPECT_EQ(verify("cosign").exit_code, 0);
  EXPECT_TRUE(!has_cosign() || verify_by_cosign("cosign") == 0) << stage_.read("errors");

  ASSERT_EQ(stage_.run("openssl pkcs8 -topk8 -in $WORK/acme.pem -passout pass:hidden -out $WORK/closed.pem && "
                       "cp $WORK/acme.pub $WORK/closed.pub"),
            0);
  EXPECT_EQ(sign("closed", "SIGN_PASSWORD=other"), 2);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("SIGN_PASSWORD must have its passphrase"));
  ASSERT_EQ(sign("closed", "SIGN_PASSWORD=hidden"), 0) << stage_.read("errors");
  EXPECT_EQ(verify("closed").exit_code, 0);
}

}  // namespace
}  // namespace pinhook::testing
