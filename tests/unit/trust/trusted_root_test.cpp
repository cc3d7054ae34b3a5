#include <pinhook/trust/trusted_root.hpp>

#include "support/image_signer.hpp"

#include <pinhook/base/base64.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pinhook::trust {
namespace {

// A trusted root with one log that is valid as `valid_for` says, and one authority likewise.
std::string root_with(std::string_view log_validity, std::string_view authority_validity) {
  static const std::string key =
      encode_base64(public_key::parse_pem(testing::image_signer().public_key()).value().spki());
  return fmt::format(
      R"({{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{{"publicKey":)"
      R"({{"rawBytes":"{}"{}}},"logId":{{"keyId":"{}"}}}}],"timestampAuthorities":[{{"certChain":{{"certificates":)"
      R"([{{"rawBytes":"AAAA"}}]}}{}}}]}})",
      key, log_validity, encode_base64(std::string(32, 'k')), authority_validity);
}

// sigstore_common.proto: a TimeRange has a start, and both ends are part of it.
TEST(TrustedRoot, ReadsFromWhenAndUntilWhenItsKeysAreBelieved) {
  const auto root = trusted_root::parse(
      root_with(R"(,"validFor":{"start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z"})", ""));
  ASSERT_TRUE(root) << root.error().message;
  const validity of = root->logs.front().valid;
  EXPECT_TRUE(of.holds_at(of.start));
  EXPECT_TRUE(of.holds_at(of.end.value()));
  EXPECT_FALSE(of.holds_at(of.start - std::chrono::seconds(1)));
  EXPECT_FALSE(of.holds_at(*of.end + std::chrono::seconds(1)));
  EXPECT_TRUE(root->timestamp_authorities.front().valid.holds_at(wall_time{})) << "without a range: always";
}

TEST(TrustedRoot, ARangeWithoutABeginningIsAnError) {
  for (const char* range : {R"(,"validFor":{})", R"(,"validFor":{"start":""})", R"(,"validFor":{"start":"soon"})",
                            R"(,"validFor":{"end":"2026-02-01T00:00:00Z"})",
                            R"(,"validFor":{"start":"2026-01-01T00:00:00Z","end":"later"})"}) {
    const auto of_log = trusted_root::parse(root_with(range, ""));
    ASSERT_FALSE(of_log) << range;
    EXPECT_EQ(of_log.error().message, "tlogs[0] has a validFor without a start, or with a time that is not RFC 3339");
    const auto of_authority = trusted_root::parse(root_with("", range));
    ASSERT_FALSE(of_authority) << range;
    EXPECT_EQ(of_authority.error().message,
              "timestampAuthorities[0] has a validFor without a start, or with a time that is not RFC 3339");
  }
}

}  // namespace
}  // namespace pinhook::trust
