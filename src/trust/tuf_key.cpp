#include <pinhook/trust/tuf_key.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/openssl_owned.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace pinhook::trust {
namespace {

enum class signature_form : std::uint8_t {
  der,      // ECDSA
  numbers,  // ECDSA as two numbers side by side, or RSA-PSS with a salt as long as the hash
  pss,  // RSA-PSS with any salt: securesystemslib salts by the hash's length, go-tuf by the most that there is room for
  pkcs1,
  ed25519,
};

struct scheme_row {
  std::string_view name;
  tuf_coding in;
  signature_form form;
  hash by;
  /// No value: ECDSA on any curve.
  std::optional<public_key::kind> kind;
};

constexpr std::array<scheme_row, 13> schemes{{
    // Notary hashes by SHA-256 whatever the curve and the modulus.
    {"ecdsa", tuf_coding::notary, signature_form::numbers, hash::sha256, std::nullopt},
    {"rsapss", tuf_coding::notary, signature_form::numbers, hash::sha256, public_key::kind::rsa},
    {"eddsa", tuf_coding::notary, signature_form::ed25519, hash::sha256, public_key::kind::ed25519},
    {"ecdsa-sha2-nistp256", tuf_coding::standard, signature_form::der, hash::sha256, public_key::kind::p256},
    {"ecdsa-sha2-nistp384", tuf_coding::standard, signature_form::der, hash::sha384, public_key::kind::p384},
    {"ecdsa-sha2-nistp521", tuf_coding::standard, signature_form::der, hash::sha512, public_key::kind::p521},
    {"ed25519", tuf_coding::standard, signature_form::ed25519, hash::sha256, public_key::kind::ed25519},
    {"rsassa-pss-sha256", tuf_coding::standard, signature_form::pss, hash::sha256, public_key::kind::rsa},
    {"rsassa-pss-sha384", tuf_coding::standard, signature_form::pss, hash::sha384, public_key::kind::rsa},
    {"rsassa-pss-sha512", tuf_coding::standard, signature_form::pss, hash::sha512, public_key::kind::rsa},
    {"rsa-pkcs1v15-sha256", tuf_coding::standard, signature_form::pkcs1, hash::sha256, public_key::kind::rsa},
    {"rsa-pkcs1v15-sha384", tuf_coding::standard, signature_form::pkcs1, hash::sha384, public_key::kind::rsa},
    {"rsa-pkcs1v15-sha512", tuf_coding::standard, signature_form::pkcs1, hash::sha512, public_key::kind::rsa},
}};

bool fits(const scheme_row& row, public_key::kind kind) {
  if (row.kind) return *row.kind == kind;
  return kind != public_key::kind::rsa && kind != public_key::kind::ed25519;
}

const EVP_MD* message_digest(hash by) {
  if (by == hash::sha384) return EVP_sha384();
  return by == hash::sha512 ? EVP_sha512() : EVP_sha256();
}

bool verifies_pss(const public_key& key, std::string_view message, std::string_view signature, hash by) {
  const unsigned char* at = bytes_of(key.spki());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(key.spki().size())), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* with = nullptr;
  const bool is_good =
      read && context && EVP_DigestVerifyInit(context.get(), &with, message_digest(by), nullptr, read.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(with, RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(with, RSA_PSS_SALTLEN_AUTO) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

// The first roots of the public Sigstore instance have their keys as points of the curve (`04…`).
result<public_key> read_point(std::string_view hexadecimal) {
  // A SubjectPublicKeyInfo of P-256 is this and the point.
  constexpr std::string_view before =
      "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
  constexpr std::size_t before_size = 26;
  const auto point = decode_hexadecimal(hexadecimal);
  if (!point) return fail(error_code::invalid_input, "is no point");
  std::string der(before.data(), before_size);
  der += *point;
  return public_key::parse_der(der);
}

result<public_key> read_standard(std::string_view kind, std::string_view text) {
  if (kind == "ed25519") return public_key::of_ed25519(decode_hexadecimal(text).value_or(std::string()));
  if (text.starts_with("04")) return read_point(text);
  return public_key::parse_pem(text);
}

result<public_key> read_notary(std::string_view kind, std::string_view text) {
  const auto bytes = decode_any_base64(text);
  if (!bytes) return fail(error_code::invalid_input, "is not base64");
  if (kind == "ed25519") return public_key::of_ed25519(*bytes);
  if (kind.ends_with("-x509")) return public_key::parse_pem(*bytes);
  return public_key::parse_der(*bytes);
}

std::string_view text_of_key(const json::value& key) {
  const json::value* held = json::find(key, "keyval");
  return held == nullptr ? std::string_view() : text_in(*held, "public");
}

std::string own_id(const json::value& key) {
  return encode_hexadecimal(sha256(fmt::format(R"({{"keytype":"{}","keyval":{{"private":null,"public":"{}"}}}})",
                                               text_in(key, "keytype"), text_of_key(key))));
}

}  // namespace

bool tuf_key::verifies(std::string_view message, std::string_view signature, std::string_view method) const {
  const tuf_coding in = scheme.empty() ? tuf_coding::notary : tuf_coding::standard;
  const std::string_view name = scheme.empty() ? method : scheme;
  const auto* const row =
      std::ranges::find_if(schemes, [&](const scheme_row& one) { return one.in == in && one.name == name; });
  if (row == schemes.end() || !fits(*row, key.type())) return false;
  if (row->form == signature_form::numbers) return key.verifies_numbers_or_pss(message, signature, row->by);
  if (row->form == signature_form::pss) return verifies_pss(key, message, signature, row->by);
  return key.verifies(message, signature, row->by);
}

std::optional<tuf_key> read_tuf_key(const json::value& key, tuf_coding in) {
  const std::string_view kind = text_in(key, "keytype");
  const std::string_view scheme = in == tuf_coding::standard ? text_in(key, "scheme") : std::string_view();
  auto read = in == tuf_coding::standard ? read_standard(kind, text_of_key(key)) : read_notary(kind, text_of_key(key));
  if (!read) return std::nullopt;
  if (in == tuf_coding::standard && std::ranges::none_of(schemes, [&](const scheme_row& one) {
        return one.in == in && one.name == scheme && fits(one, read->type());
      }))
    return std::nullopt;
  return tuf_key{std::move(*read), std::string(scheme)};
}

tuf_keys tuf_keys_in(const json::value& keys, tuf_coding in) {
  tuf_keys out;
  if (!keys.IsObject()) return out;
  for (const auto& [id, value] : keys.GetObject()) {
    const std::string_view name = json::text_of(id);
    if (in == tuf_coding::notary && own_id(value) != name) continue;
    if (auto key = read_tuf_key(value, in)) out.emplace(name, std::move(*key));
  }
  return out;
}

}  // namespace pinhook::trust
