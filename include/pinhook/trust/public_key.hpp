// A public key that verifies signatures, as signing tools and certificates bring it.
//
//   const auto key = public_key::parse_pem(text);
//   if (key && key->verifies(message, signature)) …
//
// Kinds: ECDSA on P-256, P-384 and P-521 (signatures in DER), RSA of at least 2,048 bits (PKCS #1 v1.5), Ed25519 and
// Ed25519ph (RFC 8032 §5.1). An immutable value, cheap to copy; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;
struct X509_pubkey_st;

namespace pinhook::trust {

enum class hash : std::uint8_t { sha256, sha384, sha512 };

/// The digest of `bytes`: 32, 48 or 64 bytes.
[[nodiscard]] std::string digest_of(hash by, std::string_view bytes);
[[nodiscard]] inline std::string sha256(std::string_view bytes) { return digest_of(hash::sha256, bytes); }

class public_key {
 public:
  enum class kind : std::uint8_t { p256, p384, p521, rsa, ed25519 };

  /// A PEM block PUBLIC KEY or RSA PUBLIC KEY, or the key of a CERTIFICATE. invalid_input: no readable block; a private
  /// key; a kind or size that is not supported.
  [[nodiscard]] static result<public_key> parse_pem(std::string_view text);
  /// A SubjectPublicKeyInfo (RFC 5280 §4.1) in DER. invalid_input, as above.
  [[nodiscard]] static result<public_key> parse_der(std::string_view spki);
  /// One that OpenSSL has read, such as a certificate's. invalid_input, as above, also for a null pointer.
  [[nodiscard]] static result<public_key> of_info(const X509_pubkey_st* info);
  /// The 32 bytes of an Ed25519 key.
  [[nodiscard]] static result<public_key> of_ed25519(std::string_view raw);

  [[nodiscard]] kind type() const { return kind_; }
  /// Of the modulus, or of the curve's order.
  [[nodiscard]] int bits() const { return bits_; }
  /// SubjectPublicKeyInfo in DER.
  [[nodiscard]] const std::string& spki() const { return spki_; }
  /// The 32 bytes of an Ed25519 key; empty for other kinds.
  [[nodiscard]] const std::string& raw() const { return raw_; }
  /// SHA-256 of `spki`, 32 bytes: the ID of a log, and the hint of a key in cosign's bundles.
  [[nodiscard]] std::string id() const { return sha256(spki_); }

  /// The hash that goes with the key: that of the curve's size, otherwise SHA-256.
  [[nodiscard]] hash own_hash() const;
  /// True when this key made `signature` over `message` hashed by `by`. An Ed25519 key does not hash: `by` does not
  /// count, and the prehashed form (Ed25519ph) is taken as well.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature, hash by) const;
  /// The hash with which this key made `signature`: the one that goes with the key, or SHA-256, by which cosign before
  /// 3 hashes whatever the curve. No value: it did not make it.
  [[nodiscard]] std::optional<hash> made_with(std::string_view message, std::string_view signature) const;

  /// True when this key made `signature` in the form of JWS and COSE: ECDSA as two numbers side by side (RFC 7518
  /// §3.4), RSA as PSS with a salt as long as the hash (§3.5). The hash is that of the curve, or goes with the modulus:
  /// SHA-256 for 2,048 bits, SHA-384 for 3,072, SHA-512 for 4,096 (notaryproject/specifications,
  /// signature-specification.md). False for other keys.
  [[nodiscard]] bool verifies_jose(std::string_view message, std::string_view signature) const;
  /// The same with a given hash.
  [[nodiscard]] bool verifies_numbers_or_pss(std::string_view message, std::string_view signature, hash by) const;
  /// As JWS names that algorithm: "ES256", "PS384"; empty: none.
  [[nodiscard]] std::string jose_algorithm() const;

  friend bool operator==(const public_key& a, const public_key& b) { return a.spki_ == b.spki_; }

 private:
  public_key() = default;
  /// `spki`: empty where it must still be made.
  static result<public_key> of(std::shared_ptr<evp_pkey_st> key, std::string spki);

  std::shared_ptr<evp_pkey_st> key_;
  kind kind_ = kind::p256;
  int bits_ = 0;
  std::string spki_;
  std::string raw_;
};

}  // namespace pinhook::trust
