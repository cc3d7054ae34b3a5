// The function of libcbor that the program calls, of a library that is loaded with its first call
// (base/shared_library.hpp).
//
// Thread rule: any thread.
#include <pinhook/base/shared_library.hpp>

#include <cbor.h>

namespace {

pinhook::shared_library library(PINHOOK_SONAME);

}  // namespace

extern "C" {

cbor_decoder_result cbor_stream_decode(cbor_data data, size_t size, const cbor_callbacks* callbacks, void* context) {
  return library.call<cbor_stream_decode>("cbor_stream_decode", data, size, callbacks, context);
}

}  // extern "C"
