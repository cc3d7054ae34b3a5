#include <pinhook/base/short_run.hpp>

#include <malloc.h>
#include <openssl/crypto.h>

namespace pinhook {

void prepare_short_run() {
  ::mallopt(M_ARENA_MAX, 1);
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
}

}  // namespace pinhook
