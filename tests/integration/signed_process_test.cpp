// `pinhook serve` as a real process with a rule that demands signatures, and a registry that holds them or not.
#include "support/image_signer.hpp"
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SignedProcess : public ServeProcess {
 protected:
  SignedProcess() {
    files_.write("acme.pub", acme_.public_key());
    const std::string type = "application/vnd.oci.image.manifest.v1+json";
    const std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", type},
                                                                   {"Docker-Content-Digest", digest_}};
    registry_.on("HEAD", "/v2/a/manifests/1", {.headers = headers});
    // Where nothing is signed, the image itself must be there to see.
    registry_.on("GET", "/v2/a/manifests/" + digest_, {.headers = headers, .body = manifest_});
  }

  void start_with(const std::string& more = "") {
    start({"--config", files_
                           .write("pinhook.yaml",
                                  fmt::format("verifiers:\n  - {{name: acme, cosign: {{keys: [\"{}\"]}}}}\n"
                                              "rules:\n  - {{name: own, require: {{signed: acme}}, action: deny}}\n{}",
                                              (files_.path() / "acme.pub").string(), more))
                           .string()});
  }
  void sign(const image_signer& by) {
    const signed_documents of = by.sign(digest_);
    registry_.on("GET", "/v2/a/manifests/" + of.tag, {.body = of.manifest});
    registry_.on("GET", "/v2/a/blobs/" + of.blob, {.body = of.payload});
  }
  demo::review_answer ask(const std::string& mode = "enforce") {
    https_client c(port_);
    return answer(c.ask(review_request("/v1/pin/" + mode + "?timeout=10s")));
  }

  const std::string manifest_ = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})";
  const std::string digest_ = registry::digest::of(manifest_).to_string();
  image_signer acme_, other_;
};

TEST_F(SignedProcess, AdmitsWhatIsSignedOnceADigest) {
  sign(acme_);
  start_with();
  const auto first = ask();
  EXPECT_TRUE(first.allowed) << first.message;
  EXPECT_THAT(first.object, HasSubstr("/a@" + digest_));
  const std::size_t requests = registry_.requests().size();
  EXPECT_TRUE(ask().allowed);
  EXPECT_EQ(registry_.requests().size(), requests) << "a warm admission makes no request";
  EXPECT_THAT(admin("/metrics", 200),
              HasSubstr(R"(pinhook_signature_verdicts_total{result="accepted",verifier="acme"} 1)"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(SignedProcess, RefusesWhatIsNotAndSaysWhatItFound) {
  start_with("signatures: {negative_ttl: 0s}\n");
  const auto none = ask();
  EXPECT_FALSE(none.allowed);
  EXPECT_THAT(none.message, HasSubstr("not signed by acme: no signature was found"));
  sign(other_);
  const auto wrong = ask();
  EXPECT_FALSE(wrong.allowed);
  EXPECT_THAT(wrong.message, AllOf(HasSubstr("not signed by acme: 1 signature was found, which does not count"),
                                   HasSubstr("\n  - acme: "), HasSubstr("it was not made by the key")));
  const auto audited = ask("audit");
  EXPECT_TRUE(audited.allowed);
  sign(acme_);
  EXPECT_TRUE(ask().allowed);
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(SignedProcess, ARegistryInTroubleIsNeitherSignedNorNot) {
  registry_.on("GET", "/v2/a/manifests/sha256-" + digest_.substr(7) + ".sig", {.status = 503});
  start_with();
  const auto denied = ask();
  EXPECT_FALSE(denied.allowed);
  EXPECT_THAT(denied.message, AllOf(HasSubstr("pinhook cannot verify 1 of 1 images"), HasSubstr("503")));
  const auto left = ask("best-effort");
  EXPECT_TRUE(left.allowed);
  EXPECT_EQ(left.operations, 0U);
  ASSERT_EQ(left.warnings.size(), 1U);
  EXPECT_THAT(left.warnings.front(), HasSubstr("not verified: its signatures cannot be looked up"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(SignedProcess, AChangedKeyCountsWithoutARestart) {
  sign(acme_);
  start_with();
  EXPECT_TRUE(ask().allowed);
  files_.write("acme.pub", other_.public_key());
  EXPECT_NE(process_->wait_for_error_line("the changed files of verifiers are in use"), "");
  EXPECT_FALSE(ask().allowed);
  files_.write("acme.pub", "no key");
  EXPECT_THAT(process_->wait_for_error_line("the old ones stay"), HasSubstr("acme"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(SignedProcess, DoesNotStartWithAVerifierThatIsNotThere) {
  const auto file = files_.write("pinhook.yaml", "rules:\n  - {name: own, require: {signed: acme}, action: deny}\n");
  const auto run = run_program(arguments({"--config", file.string()}));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.errors, AllOf(HasSubstr("line 2"), HasSubstr("there is no verifier \"acme\"")));
  const auto unread = files_.write("unread.yaml", "verifiers:\n  - {name: acme, cosign: {keys: [/no/such/key]}}\n");
  const auto other = run_program(arguments({"--config", unread.string()}));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.errors, HasSubstr("/no/such/key"));
}

}  // namespace
}  // namespace pinhook::testing
