#include <pinhook/base/openssl_values.hpp>

#include <gtest/gtest.h>
#include <openssl/asn1.h>

#include <chrono>
#include <memory>

namespace pinhook {
namespace {

std::optional<wall_time> moment_of(const char* text) {
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_new(), &ASN1_TIME_free);
  if (ASN1_TIME_set_string(time.get(), text) != 1) ADD_FAILURE() << text;
  return pinhook::moment_of(time.get());
}

TEST(OpensslValues, ReadsTimesOfCertificates) {
  EXPECT_EQ(moment_of("20260101000000Z"), wall_time(std::chrono::seconds(1767225600)));
  EXPECT_EQ(moment_of("260101000000Z"), wall_time(std::chrono::seconds(1767225600)));
}

TEST(OpensslValues, TakesTheEndsOfTheClockForTimesBeyondThem) {
  EXPECT_EQ(moment_of("99991231235959Z"),
            wall_time(std::chrono::floor<std::chrono::seconds>(wall_time::max().time_since_epoch())));
  EXPECT_EQ(moment_of("10000101000000Z"),
            wall_time(std::chrono::ceil<std::chrono::seconds>(wall_time::min().time_since_epoch())));
}

TEST(OpensslValues, KnowsNoPassPhrase) { EXPECT_EQ(no_pass_phrase(nullptr, 0, 0, nullptr), -1); }

}  // namespace
}  // namespace pinhook
