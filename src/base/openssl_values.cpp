#include <pinhook/base/openssl_values.hpp>

#include <openssl/asn1.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>

namespace pinhook {

int no_pass_phrase(char*, int, int, void*) { return -1; }

std::optional<wall_time> moment_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const std::chrono::seconds since(timegm(&parts));
  const auto first = std::chrono::ceil<std::chrono::seconds>(wall_time::min().time_since_epoch());
  const auto last = std::chrono::floor<std::chrono::seconds>(wall_time::max().time_since_epoch());
  return wall_time(std::clamp(since, first, last));
}

pem_block::~pem_block() {
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
}

}  // namespace pinhook
