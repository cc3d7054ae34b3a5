#include <pinhook/kube/base64.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr auto longest = static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2;

bool is_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::optional<secret> decode_base64(std::string_view text) {
  if (text.size() > longest) return std::nullopt;
  std::string digits(text);
  std::erase_if(digits, [](char c) { return c == '\r' || c == '\n'; });
  const secret wiped(std::move(digits));
  const std::string_view all = wiped.reveal();
  const std::size_t padding = all.ends_with("==") ? 2 : all.ends_with('=') ? 1 : 0;
  // OpenSSL passes over spaces and stops at some characters: what it gets is checked before.
  if (all.size() % 4 != 0 || !std::ranges::all_of(all.substr(0, all.size() - padding), is_digit)) return std::nullopt;
  std::string out(all.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(all.data()), static_cast<int>(all.size()));
  if (size < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return secret(std::move(out));
}

std::string encode_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace pinhook::kube
