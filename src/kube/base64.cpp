#include <pinhook/kube/base64.hpp>

#include <openssl/evp.h>

namespace pinhook::kube {

std::string encode_base64(std::string_view bytes) {
  // EVP_EncodeBlock writes a NUL behind its output.
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  out.pop_back();
  return out;
}

}  // namespace pinhook::kube
