// Helpers that the readers of certificates and keys share. For sources that use OpenSSL.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <openssl/types.h>

#include <optional>

namespace pinhook {

/// A callback for OpenSSL's PEM readers that knows no pass phrase: without one OpenSSL asks at the terminal.
int no_pass_phrase(char* into, int size, int is_writing, void* data);

/// The moment; the first or last of the clock for one beyond its range, which ends in 2262 (a certificate may be valid
/// until the year 9999). No value for an invalid time.
[[nodiscard]] std::optional<wall_time> moment_of(const ASN1_TIME* time);

/// One block of PEM, for PEM_read_bio to fill. Its bytes may be a key's: they are wiped.
struct pem_block {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  pem_block() = default;
  pem_block(const pem_block&) = delete;
  pem_block& operator=(const pem_block&) = delete;
  ~pem_block();
};

}  // namespace pinhook
