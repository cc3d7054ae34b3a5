// A certificate that says that a log saw it in the year 6373: later than a wall_time can be.
#include "support/golden.hpp"
#include "support/paths.hpp"

#include <pinhook/trust/signing_certificate.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::trust {
namespace {

TEST(SigningCertificate, NoLogSawItLaterThanTimesGo) {
  // The fuzz target's seed: the size of the certificate in two bytes, then the certificate.
  const std::string seed = testing::read_file(testing::source_dir() + "/tests/fuzz/corpus/certificate/late_sct");
  ASSERT_GT(seed.size(), 2U);
  const std::size_t size =
      static_cast<std::size_t>(static_cast<unsigned char>(seed[0])) << 8U | static_cast<unsigned char>(seed[1]);
  const std::string leaf = seed.substr(2, size);
  const auto read = signing_certificate::parse({leaf});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->is_logged(std::string(32, 'h'), {}));
}

}  // namespace
}  // namespace pinhook::trust
