#include <pinhook/server/certificate_validity.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;

const wall_time now{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

certificate_validity between(std::chrono::hours from, std::chrono::hours until) { return {now + from, now + until}; }

const certificate_validity valid = between(-1h, 24h);
const certificate_validity early = between(24h, 48h);
const certificate_validity expired = between(-48h, -24h);
const certificate_validity expired_before = between(-96h, -72h);

TEST(CertificateValidity, WhoReplacesWhom) {
  struct row {
    certificate_validity current;
    certificate_validity fresh;
    bool is_taken;
  };
  const std::array rows{
      row{valid, between(-1h, 2h), true},  // also one that ends earlier: it was put there on purpose
      row{valid, early, false},
      row{valid, expired, false},
      row{early, valid, true},
      row{early, between(12h, 24h), true},
      row{early, expired, false},
      row{expired, valid, true},
      row{expired, early, true},
      row{expired, expired_before, false},
      row{expired_before, expired, true},
  };
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(!reason_to_keep(rows[i].current, rows[i].fresh, now).has_value(), rows[i].is_taken) << "row " << i;
}

TEST(CertificateValidity, SaysWhyAndWhen) {
  EXPECT_EQ(reason_to_keep(valid, expired, now), "it expired at 2025-12-31T00:00:00Z");
  EXPECT_EQ(reason_to_keep(valid, early, now), "it is not valid before 2026-01-02T00:00:00Z");
  EXPECT_EQ(why_not_valid(valid, now), std::nullopt);
}

TEST(CertificateValidity, EndsAreSharp) {
  EXPECT_EQ(why_not_valid(between(0h, 1h), now), std::nullopt);
  EXPECT_TRUE(why_not_valid(between(-1h, 0h), now));
}

}  // namespace
}  // namespace pinhook::server
