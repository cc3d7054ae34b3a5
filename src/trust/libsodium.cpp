// The functions of libsodium that the program calls, of a library that is loaded with the first of them
// (base/shared_library.hpp).
//
// Thread rule: any thread.
#include <pinhook/base/shared_library.hpp>

#include <sodium/crypto_sign_ed25519.h>

namespace {

pinhook::shared_library library(PINHOOK_SONAME);

}  // namespace

extern "C" {

int crypto_sign_ed25519ph_init(crypto_sign_ed25519ph_state* state) {
  return library.call<crypto_sign_ed25519ph_init>("crypto_sign_ed25519ph_init", state);
}
int crypto_sign_ed25519ph_update(crypto_sign_ed25519ph_state* state, const unsigned char* text,
                                 unsigned long long size) {
  return library.call<crypto_sign_ed25519ph_update>("crypto_sign_ed25519ph_update", state, text, size);
}
int crypto_sign_ed25519ph_final_verify(crypto_sign_ed25519ph_state* state, const unsigned char* signature,
                                       const unsigned char* key) {
  return library.call<crypto_sign_ed25519ph_final_verify>("crypto_sign_ed25519ph_final_verify", state, signature, key);
}

}  // extern "C"
