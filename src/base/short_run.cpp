#include <pinhook/base/short_run.hpp>

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace pinhook {

void prepare_short_run() {
  ::mallopt(M_ARENA_MAX, 1);
  // Ciphers are found by the names that their provider gives them, as TLS does. OpenSSL 1's own table of them, of which
  // each name is taken over at the first look for anything, serves encrypted private keys, which no command reads.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_ADD_ALL_CIPHERS, nullptr);
  // Hash_DRBG (NIST SP 800-90A) in place of CTR_DRBG: the first number of the latter has OpenSSL build its table of all
  // ciphers. OpenSSL's configuration is read later, and a generator that it names replaces this one.
  RAND_set_DRBG_type(nullptr, "HASH-DRBG", nullptr, nullptr, "SHA512");
}

void prepare_file_run() {
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

}  // namespace pinhook
