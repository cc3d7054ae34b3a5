// Any bytes as PEM: certificates and keys of files, Secrets and webhook configurations. OpenSSL looks for a key by
// trying every format that it knows, so that what has no block is left out.
#include "fuzz/require.hpp"

#include <pinhook/base/x509_certificate.hpp>
#include <pinhook/http/pem_text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.contains("-----BEGIN ")) return -1;
  if (const auto read = http::parse_certificates(secret(std::string(text))))
    for (const auto& one : *read) fuzz::require(one != nullptr);
  if (const auto key = http::parse_key(secret(std::string(text)))) fuzz::require(*key != nullptr);
  (void)x509_certificate::parse(text);
  return 0;
}
