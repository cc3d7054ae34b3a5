// Any bytes as the certificate of a signer, with its SCTs, and as the response of a timestamp authority: nothing is
// logged or stamped by those who did not sign it. Chunks with their length in two bytes: the signer's certificate, the
// response, the bytes that it is about, then the authority's certificates.
#include "fuzz/fuzz_signer.hpp"

#include <pinhook/trust/signature.hpp>
#include <pinhook/trust/signing_certificate.hpp>
#include <pinhook/trust/timestamp_token.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::string take_chunk(std::string_view& text) {
  if (text.size() < 2) return {};
  const auto size =
      static_cast<std::size_t>(static_cast<unsigned char>(text[0])) << 8U | static_cast<unsigned char>(text[1]);
  text.remove_prefix(2);
  std::string out(text.substr(0, size));
  text.remove_prefix(std::min(size, text.size()));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace trust = pinhook::trust;
  using pinhook::fuzz::require;
  static const pinhook::fuzz::signer by;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string leaf = take_chunk(text);
  const std::string response = take_chunk(text);
  const std::string about = take_chunk(text);
  trust::trusted_authority authority;
  while (!text.empty() && authority.chain.size() < trust::max_chain) authority.chain.push_back(take_chunk(text));
  if (authority.chain.empty()) authority.chain.push_back(leaf);
  const pinhook::wall_time when{std::chrono::hours(24 * 365 * 57)};
  static const trust::trusted_log log{std::string(32, 'l'), by.key(), "log.example", {}};
  if (const auto read = trust::signing_certificate::parse({leaf})) {
    require(read->der() == leaf);
    const auto issuer = read->issued_by({authority}, when);
    require(!read->is_logged(issuer ? *issuer : std::string(32, 'h'), {log}));
  }
  (void)trust::verify_timestamp(response, about, {authority});
  (void)trust::verify_timestamp_token(response, about, authority.chain);
  return 0;
}
