// Each case in a process of its own: OpenSSL has one generator of random numbers for all of a process, and malloc its
// limits.
#include <pinhook/base/short_run.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// Ends the process, with 0 when TLS has the ciphers that registries take, and digests have their names.
[[noreturn]] void end_with_ciphers() {
  prepare_short_run();
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(context ? SSL_new(context.get()) : nullptr, SSL_free);
  STACK_OF(SSL_CIPHER)* const all = tls ? SSL_get1_supported_ciphers(tls.get()) : nullptr;
  const auto is_there = [&](std::string_view name) {
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i)
      if (SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)) == name) return true;
    return false;
  };
  bool are_all = true;
  for (const char* name :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"})
    are_all = are_all && is_there(name);
  // Timestamps are verified with digests by their names.
  for (const char* name : {"SHA256", "SHA384", "SHA512"}) are_all = are_all && EVP_get_digestbyname(name) != nullptr;
  std::_Exit(are_all ? 0 : 1);
}

// Sanitizers have a malloc of their own, which does not hand out again what was just freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PINHOOK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PINHOOK_SANITIZED 1
#endif
#endif

#ifndef PINHOOK_SANITIZED
// Ends the process, with 0 when pages that a file's blocks had stay for those of the next files.
[[noreturn]] void end_with_pages_of_files() {
  prepare_file_run();
  constexpr std::size_t files = 100;
  constexpr std::size_t size = std::size_t{300} * 1024;
  const auto faults = [] {
    rusage used{};
    return ::getrusage(RUSAGE_SELF, &used) == 0 ? used.ru_minflt : -1;
  };
  const long before = faults();
  for (std::size_t i = 0; i < files; ++i) {
    const std::vector<char> text(size, 'a');
    const std::vector<char> nodes(size, 'b');
  }
  const long all = static_cast<long>(2 * size / static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
  std::_Exit(before >= 0 && faults() - before < 2 * all ? 0 : 1);
}
#endif

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

#ifndef PINHOOK_SANITIZED
TEST_F(ShortRun, OfManyFilesKeepsTheirPages) {
  EXPECT_EXIT(end_with_pages_of_files(), ::testing::ExitedWithCode(0), "");
}
#endif

TEST_F(ShortRun, LeavesTheCiphersOfTls) { EXPECT_EXIT(end_with_ciphers(), ::testing::ExitedWithCode(0), ""); }

}  // namespace
}  // namespace pinhook
