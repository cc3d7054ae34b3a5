#include <pinhook/cli/verify_report.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::cli {
namespace {

using signatures::image_verdict;
using signatures::signature_report;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string digest = "sha256:" + std::string(64, 'a');

access::verified_image image(std::vector<access::named_verdict> verdicts) {
  return {registry::reference::parse("ghcr.io/acme/app:v1").value(), registry::digest::parse(digest).value(),
          std::move(verdicts)};
}

image_verdict good() {
  image_verdict out;
  out.is_verified = true;
  out.signatures.push_back({signature_report::kind::cosign_bundle, "linux/amd64", "https://sigstore.dev/cosign/sign/v1",
                            "dev@acme.test", "https://issuer.test", parse_timestamp("2026-11-28T10:00:00Z"),
                            std::nullopt, std::nullopt});
  return out;
}

image_verdict bad() {
  image_verdict out;
  out.reason = "no signature was found";
  return out;
}

access::verified_image unknown() {
  return {registry::reference::parse("ghcr.io/acme/gone:v1").value(), fail(error_code::not_found, "it is gone"), {}};
}

TEST(VerifyReport, ShowsWhatHoldsAndWhatDoesNot) {
  image_verdict mixed = good();
  mixed.signatures.push_back({signature_report::kind::notation, "", "", "", "", std::nullopt, std::nullopt,
                              error{error_code::denied, "it has expired", std::nullopt}});
  mixed.unreadable.push_back("a bundle is not JSON");
  mixed.left_out = 2;
  EXPECT_EQ(verify_table(
                {image({{"acme", mixed}, {"other", bad()}, {"down", fail(error_code::unavailable, "x")}}), unknown()}),
            "ghcr.io/acme/app:v1@" + digest +
                "\n"
                "  acme: verified\n"
                "    + cosign bundle by dev@acme.test (issuer https://issuer.test), 2026-11-28T10:00:00Z, for "
                "linux/amd64: holds\n"
                "    - Notation signature: it has expired\n"
                "    - cannot be read: a bundle is not JSON\n"
                "    2 documents more not looked at\n"
                "  other: not verified: no signature was found\n"
                "  down: could not be looked up: x\n"
                "ghcr.io/acme/gone:v1\n"
                "  could not be looked up: it is gone\n");
}

// A certificate's text is its author's.
TEST(VerifyReport, TextsOfSignersAreEscaped) {
  image_verdict hostile = good();
  hostile.signatures.front().signer = "x\n  acme: verified\x1b[2J\xff";
  const auto table = verify_table({image({{"acme", hostile}})});
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(table, Not(HasSubstr("x\n")));
  EXPECT_TRUE(json::parse(verify_json({image({{"acme", hostile}})})));
}

TEST(VerifyReport, ExitCodes) {
  const access::named_verdict verified{"a", good()};
  const access::named_verdict refused{"b", bad()};
  const access::named_verdict down{"c", fail(error_code::unavailable, "x")};
  const struct {
    std::vector<access::verified_image> images;
    int code;
  } rows[] = {
      {{image({verified})}, 0},
      {{image({refused, verified, down})}, 0},
      {{image({refused})}, 1},
      {{image({refused, down})}, 3},
      {{image({verified}), image({refused})}, 1},
      {{image({refused}), unknown()}, 3},
      {{image({verified}), unknown()}, 3},
  };
  for (const auto& row : rows) EXPECT_EQ(verify_exit_code(row.images), row.code);
}

TEST(VerifyReport, JsonHasAbsentValuesAsNull) {
  const auto read = json::parse(verify_json({image({{"acme", bad()}}), unknown()}));
  ASSERT_TRUE(read);
  const json::value& by = (*json::find((*read)[0], "verifiers"))[0];
  EXPECT_EQ(json::find_string(by, "reason"), "no signature was found");
  EXPECT_TRUE(json::find(by, "error")->IsNull());
  EXPECT_TRUE(json::find((*read)[1], "digest")->IsNull());
  EXPECT_EQ(json::find_string((*read)[1], "error"), "it is gone");
}

}  // namespace
}  // namespace pinhook::cli
