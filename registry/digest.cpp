#include <pinhook/registry/digest.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace pinhook::registry {
namespace {

struct known_algorithm {
  std::string_view name;
  std::size_t hex_digits;
};
// The algorithms of go-digest (algorithm.go), which the kubelet's parser uses.
constexpr std::array<known_algorithm, 3> algorithms{{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};

constexpr std::size_t shown_hex_digits = 12;

std::unexpected<syntax_fault> digest_fault(std::size_t offset, std::string reason) {
  return std::unexpected(syntax_fault{offset + 1, std::move(reason)});
}

// Eight digits at a time: each answer reads those of images that are written by their digests. A byte below 128 is at
// least `low` when adding 128 - low sets its highest bit.
bool are_lower_hex(std::string_view text) {
  constexpr std::uint64_t each = 0x0101010101010101;
  constexpr std::uint64_t highest = 0x80 * each;
  constexpr auto from = [](char low) { return (0x80U - static_cast<unsigned char>(low)) * each; };
  for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t some = 0;
    std::memcpy(&some, text.data(), sizeof some);
    const std::uint64_t digits = (some + from('0')) & ~(some + from('9' + 1));
    const std::uint64_t letters = (some + from('a')) & ~(some + from('f' + 1));
    if ((some & highest) != 0 || ((digits | letters) & highest) != highest) return false;
  }
  return std::ranges::all_of(text, is_lower_hex);
}

}  // namespace

std::expected<digest, syntax_fault> digest::read(std::string_view text) {
  if (text.empty()) return digest_fault(0, "the digest is empty; write sha256: and 64 hexadecimal digits");
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto* algorithm = std::ranges::find(algorithms, name, &known_algorithm::name);
  if (algorithm == algorithms.end())
    return digest_fault(
        0, fmt::format("unknown digest algorithm {}; sha256, sha384 and sha512 are known", quoted(name, 40)));
  if (colon == std::string_view::npos)
    return digest_fault(text.size(),
                        fmt::format("':' and {} hexadecimal digits must follow {}", algorithm->hex_digits, name));
  const std::string_view hex = text.substr(colon + 1);
  if (!are_lower_hex(hex)) {
    const auto* bad = std::ranges::find_if_not(hex, is_lower_hex);
    const auto offset = static_cast<std::size_t>(bad - text.begin());
    if (*bad >= 'A' && *bad <= 'F')
      return digest_fault(offset, "the hexadecimal digits of a digest are lower-case; write a to f");
    return digest_fault(offset, fmt::format("{} is not a hexadecimal digit", quoted({bad, 1})));
  }
  if (hex.size() != algorithm->hex_digits)
    return digest_fault(
        colon + 1 + std::min(hex.size(), algorithm->hex_digits),
        fmt::format("a {} digest has {} hexadecimal digits, not {}", name, algorithm->hex_digits, hex.size()));
  return digest(std::string(text));
}

result<digest> digest::parse(std::string_view text) {
  auto read_one = read(text);
  if (read_one) return *std::move(read_one);
  return fail(error_code::invalid_input, fmt::format("invalid digest {}, position {}: {}", quoted(text),
                                                     read_one.error().position, read_one.error().reason));
}

digest digest::of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "sha256:";
  text.reserve(text.size() + std::size_t{2} * size);
  for (unsigned i = 0; i < size; ++i) {
    text += digits[hash[i] >> 4U];
    text += digits[hash[i] & 0xfU];
  }
  return digest(std::move(text));
}

std::string_view digest::algorithm() const { return std::string_view(text_).substr(0, text_.find(':')); }

std::string_view digest::hex() const { return std::string_view(text_).substr(text_.find(':') + 1); }

std::string_view digest::shortened() const {
  return std::string_view(text_).substr(0, text_.find(':') + 1 + shown_hex_digits);
}

std::string shorten_digest(std::string_view text) {
  constexpr std::string_view mark = "sha256:";
  constexpr std::size_t shown = 8;
  const auto at = text.find(mark);
  if (at == std::string_view::npos || text.size() < at + mark.size() + 64) return std::string(text);
  return std::string(text.substr(0, at + mark.size() + shown)) + "…" + std::string(text.substr(at + mark.size() + 64));
}

}  // namespace pinhook::registry
