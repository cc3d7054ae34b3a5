// The generator of a short run's random numbers, in a process of its own: OpenSSL has one for all of a process.
#include <pinhook/base/short_run.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pinhook {
namespace {

// Ends the process, with 0 when random numbers come from that generator under that configuration of OpenSSL's.
[[noreturn]] void end_with_generator(std::string_view configuration, const char* expected) {
  const int file = ::memfd_create("openssl.cnf", 0);
  if (::write(file, configuration.data(), configuration.size()) != static_cast<ssize_t>(configuration.size()))
    std::_Exit(2);
  ::setenv("OPENSSL_CONF", ("/proc/self/fd/" + std::to_string(file)).c_str(), 1);
  prepare_short_run();
  std::array<unsigned char, 16> first{};
  std::array<unsigned char, 16> second{};
  const bool is_random = RAND_bytes(first.data(), first.size()) == 1 &&
                         RAND_priv_bytes(second.data(), second.size()) == 1 && first != second;
  EVP_RAND_CTX* const primary = RAND_get0_primary(nullptr);
  const bool is_expected = primary != nullptr && EVP_RAND_is_a(EVP_RAND_CTX_get0_rand(primary), expected) == 1;
  std::_Exit(is_random && is_expected && EVP_RAND_get_strength(primary) == 256 ? 0 : 1);
}

class ShortRun : public ::testing::Test {
 protected:
  ShortRun() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ShortRun, HashesForRandomNumbers) {
  EXPECT_EXIT(end_with_generator("", "HASH-DRBG"), ::testing::ExitedWithCode(0), "");
}

TEST_F(ShortRun, LeavesTheGeneratorThatTheConfigurationNames) {
  constexpr std::string_view configuration =
      "openssl_conf = parts\n[parts]\nrandom = generator\n[generator]\nrandom = CTR-DRBG\ncipher = AES-256-CTR\n";
  EXPECT_EXIT(end_with_generator(configuration, "CTR-DRBG"), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace pinhook
