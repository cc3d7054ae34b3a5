// A key that signs what a fuzz target was given, so that inputs get behind the check of the signature; and the parts of
// an input.
#pragma once

#include "fuzz/require.hpp"

#include <pinhook/trust/public_key.hpp>

#include <sodium.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fuzz {

/// The same key in each run (Ed25519).
class signer {
 public:
  signer() {
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data());
  }
  [[nodiscard]] std::string raw_key() const { return {reinterpret_cast<const char*>(public_.data()), public_.size()}; }
  [[nodiscard]] trust::public_key key() const { return trust::public_key::of_ed25519(raw_key()).value(); }
  [[nodiscard]] std::string sign(std::string_view message) const {
    std::array<unsigned char, crypto_sign_BYTES> out{};
    crypto_sign_detached(out.data(), nullptr, reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         secret_.data());
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }

 private:
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_{};
};

inline void replace_each(std::string& text, std::string_view from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The parts between lines of "--"; at least `least`, of which the last may be empty.
inline std::vector<std::string> parts_of(std::string_view text, std::size_t least) {
  constexpr std::string_view between = "\n--\n";
  std::vector<std::string> out;
  for (auto at = text.find(between); at != std::string_view::npos; at = text.find(between)) {
    out.emplace_back(text.substr(0, at));
    text.remove_prefix(at + between.size());
  }
  out.emplace_back(text);
  if (out.size() < least) out.resize(least);
  return out;
}

}  // namespace pinhook::fuzz
