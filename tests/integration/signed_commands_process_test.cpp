// Commands as processes where rules demand signatures, with a registry that holds them or not.
#include "support/file_commands.hpp"
#include "support/image_signer.hpp"

#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SignedCommandsProcess : public FileCommands {
 protected:
  SignedCommandsProcess() {
    write("acme.pub", acme_.public_key());
    write("pinhook.yaml",
          "verifiers:\n  - {name: acme, cosign: {keys: [acme.pub]}}\n"
          "rules:\n  - {name: own, require: {signed: acme}, action: deny}\n");
    const std::string type = "application/vnd.oci.image.manifest.v1+json";
    for (const std::string& name : {std::string("1"), digest_})
      for (const char* method : {"HEAD", "GET"})
        registry_.on(method, "/v2/s/manifests/" + name,
                     {.headers = {{"Content-Type", type}, {"Docker-Content-Digest", digest_}}, .body = manifest_});
  }
  void sign(const image_signer& by) {
    const signed_documents of = by.sign(digest_);
    registry_.on("GET", "/v2/s/manifests/" + of.tag, {.body = of.manifest});
    registry_.on("GET", "/v2/s/blobs/" + of.blob, {.body = of.payload});
  }

  const std::string manifest_ = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})";
  const std::string digest_ = registry::digest::of(manifest_).to_string();
  image_signer acme_, other_;
};

TEST_F(SignedCommandsProcess, PinAndCheckVerify) {
  write("web.yaml", deployment_file(image("s:1")));
  const auto refused = run("pinhook pin --config pinhook.yaml -i web.yaml");
  EXPECT_EQ(refused.exit_code, 1) << refused.errors;
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("web.yaml:10:18: container web: "),
                                    HasSubstr("rule own: not signed by acme: no signature was found\n")));
  EXPECT_EQ(read("web.yaml"), deployment_file(image("s:1")));
  sign(other_);
  EXPECT_THAT(run("pinhook lock --config pinhook.yaml --file images.lock web.yaml").errors,
              HasSubstr("it was not made by the key"));
  EXPECT_FALSE(is_there("images.lock"));
  sign(acme_);
  const auto accepted = run("pinhook pin --config pinhook.yaml -i web.yaml");
  EXPECT_EQ(accepted.exit_code, 0) << accepted.errors;
  EXPECT_THAT(read("web.yaml"), HasSubstr(image("s@") + digest_));
  EXPECT_EQ(run("pinhook check --drift --config pinhook.yaml web.yaml").exit_code, 0);
  sign(other_);
  const auto checked = run("pinhook check --drift --config pinhook.yaml web.yaml");
  EXPECT_EQ(checked.exit_code, 1) << checked.output << checked.errors;
  EXPECT_THAT(checked.output, HasSubstr("own"));
}

TEST_F(SignedCommandsProcess, ExplainTellsTheVerdict) {
  const std::string line = "pinhook explain --try --config pinhook.yaml " + image("s:1");
  const auto none = run(line);
  EXPECT_EQ(none.exit_code, 0) << none.errors;
  EXPECT_THAT(none.output, HasSubstr("signatures  own: not signed by acme: no signature was found\n"));
  sign(acme_);
  EXPECT_THAT(run(line).output, HasSubstr("signatures  own: met\n"));
  EXPECT_THAT(run(line + " -o json").output,
              HasSubstr(R"("signatures":[{"rule":"own","result":"met","message":"met"}])"));
  registry_.on("GET", "/v2/s/manifests/sha256-" + digest_.substr(7) + ".sig", {.status = 503});
  const auto down = run(line);
  EXPECT_EQ(down.exit_code, 3);
  EXPECT_THAT(down.output, HasSubstr("signatures  own: unknown: its signatures cannot be looked up: "));
}

TEST_F(SignedCommandsProcess, WithoutARegistryNothingIsVerifiedAndThatIsSaid) {
  const auto text = deployment_file(image("s:1"));
  write("images.lock", fmt::format("apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  \"{}\": {{digest: {}}}\n",
                                   image("s:1"), digest_));
  const auto seen = run("pinhook pin --config pinhook.yaml --lock images.lock", text);
  EXPECT_THAT(seen.errors, HasSubstr("the signatures of 1 image are not checked: no registry is asked\n"));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(SignedCommandsProcess, AVerifierThatCannotBeReadStopsTheRun) {
  write("acme.pub", "no key");
  write("web.yaml", deployment_file(image("s:1")));
  const auto seen = run("pinhook pin --config pinhook.yaml -i web.yaml");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("acme"));
  EXPECT_EQ(read("web.yaml"), deployment_file(image("s:1")));
}

}  // namespace
}  // namespace pinhook::testing
