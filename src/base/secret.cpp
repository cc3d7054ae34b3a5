#include <pinhook/base/secret.hpp>

#include <pinhook/base/hexadecimal.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <stdexcept>

namespace pinhook {

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_.swap(other.text_);
  }
  return *this;
}

void secret::wipe() noexcept {
  // The whole capacity is wiped: a longer old text may remain after the end.
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

bool operator==(const secret& a, const secret& b) {
  return a.text_.size() == b.text_.size() && CRYPTO_memcmp(a.text_.data(), b.text_.data(), a.text_.size()) == 0;
}

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "[redacted]"; }

std::string keyed_hash(std::string_view text) {
  static const auto key = [] {
    std::array<unsigned char, 32> bytes{};
    // OpenSSL's generator would be seeded for these bytes alone, where a command does not speak TLS.
    if (::getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error("no random bytes from the kernel");
    return bytes;
  }();
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), key.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       out.data(), &size);
  return encode_hexadecimal({reinterpret_cast<const char*>(out.data()), 16});
}

}  // namespace pinhook
