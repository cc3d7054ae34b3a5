#include <pinhook/base/secret.hpp>

#include <pinhook/base/hexadecimal.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <memory>
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
  // An empty text without memory of its own: there was none, or it was wiped. So it is in each request without a token.
  constexpr std::size_t inside = 15;
  if (text_.empty() && text_.capacity() <= inside) return;
  // The whole capacity is wiped: a longer old text may remain after the end.
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

bool operator==(const secret& a, const secret& b) {
  return a.text_.size() == b.text_.size() && CRYPTO_memcmp(a.text_.data(), b.text_.data(), a.text_.size()) == 0;
}

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "[redacted]"; }

namespace {

constexpr std::size_t block_size = 64;  // of SHA-256
using block = std::array<unsigned char, block_size>;

// SHA-256 of a block and a text behind it.
std::size_t hash_behind(const block& first, std::string_view text, std::array<unsigned char, EVP_MAX_MD_SIZE>& out) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  unsigned size = 0;
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  return size;
}

}  // namespace

// HMAC (RFC 2104) by two hashes: OpenSSL 3's own looks up all of its MACs for the first one, which is a tenth of the
// CPU time of a short command.
std::string keyed_hash(std::string_view text) {
  static const auto key = [] {
    block bytes{};
    // OpenSSL's generator would be seeded for these bytes alone, where a command does not speak TLS.
    if (::getentropy(bytes.data(), 32) != 0) throw std::runtime_error("no random bytes from the kernel");
    return bytes;
  }();
  const auto padded = [](unsigned char by) {
    block out = key;
    for (unsigned char& one : out) one ^= by;
    return out;
  };
  static const block inner = padded(0x36), outer = padded(0x5c);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  const std::size_t size = hash_behind(inner, text, out);
  const std::string first(reinterpret_cast<const char*>(out.data()), size);
  hash_behind(outer, first, out);
  return encode_hexadecimal({reinterpret_cast<const char*>(out.data()), 16});
}

}  // namespace pinhook
