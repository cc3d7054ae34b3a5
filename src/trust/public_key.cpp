#include <pinhook/trust/public_key.hpp>

#include <pinhook/base/openssl_values.hpp>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium/crypto_sign_ed25519.h>

#include <array>
#include <utility>

namespace pinhook::trust {
namespace {

// Shorter ones can be factored with effort (NIST SP 800-57 part 1, table 2).
constexpr int least_rsa_bits = 2048;
// Longer ones make each verification slow.
constexpr int most_rsa_bits = 8192;
constexpr std::size_t ed25519_size = crypto_sign_ed25519_PUBLICKEYBYTES;

const EVP_MD* digest_for(hash by) {
  switch (by) {
    case hash::sha384:
      return EVP_sha384();
    case hash::sha512:
      return EVP_sha512();
    default:
      return EVP_sha256();
  }
}

const unsigned char* data_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

struct bio_closer {
  void operator()(BIO* b) const { BIO_free(b); }
};

using key_info = std::unique_ptr<X509_PUBKEY, decltype(&X509_PUBKEY_free)>;

std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

// What `write` (i2d_…) makes of `from`; empty: it fails.
template <typename T>
std::string encoded(int (*write)(const T*, unsigned char**), const T* from) {
  unsigned char* der = nullptr;
  const int size = write(from, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::optional<public_key::kind> curve_of(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return std::nullopt;
  switch (OBJ_sn2nid(name.data())) {
    case NID_X9_62_prime256v1:
      return public_key::kind::p256;
    case NID_secp384r1:
      return public_key::kind::p384;
    case NID_secp521r1:
      return public_key::kind::p521;
    default:
      return std::nullopt;
  }
}

// SubjectPublicKeyInfo of a key on a named curve, with an uncompressed point, begins so (RFC 5480 §2; DER). The last
// byte is the point's first.
struct point_form {
  const char* curve;
  std::string_view prefix;
  std::size_t point_size;
};
constexpr std::array<point_form, 3> point_forms{
    {{SN_X9_62_prime256v1,
      {"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04",
       27},
      65},
     {SN_secp384r1,
      {"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04", 24},
      97},
     {SN_secp521r1,
      {"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04", 26},
      133}}};

// A key of one of those forms, by its point: to read SubjectPublicKeyInfo, OpenSSL 3.0 looks up all of its decoders
// each time. Null: it has another form, or the point is not on the curve.
std::shared_ptr<EVP_PKEY> key_of_point(std::string_view spki) {
  for (const point_form& form : point_forms) {
    if (!spki.starts_with(form.prefix) || spki.size() != form.prefix.size() - 1 + form.point_size) continue;
    const std::string_view point = spki.substr(form.prefix.size() - 1);
    const std::array<OSSL_PARAM, 3> parts{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(form.curve), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<char*>(point.data()), point.size()),
        OSSL_PARAM_construct_end()};
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parts.data())) != 1)
      ERR_clear_error();
    return key == nullptr ? nullptr : shared(key);
  }
  return nullptr;
}

// SubjectPublicKeyInfo of an Ed25519 key begins so (RFC 8410 §4; DER), and the rest is the key.
constexpr std::string_view ed25519_prefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

// A key in a form whose bytes are known, for the same reason. Null: it has another form.
std::shared_ptr<EVP_PKEY> key_of_bytes(std::string_view spki) {
  if (!spki.starts_with(ed25519_prefix) || spki.size() != ed25519_prefix.size() + ed25519_size)
    return key_of_point(spki);
  auto key = shared(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(spki) + ed25519_prefix.size(), ed25519_size));
  ERR_clear_error();
  return key;
}

}  // namespace

std::string digest_of(hash by, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, digest_for(by), nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

result<public_key> public_key::of(std::shared_ptr<EVP_PKEY> key, std::string spki) {
  public_key out;
  out.bits_ = EVP_PKEY_get_bits(key.get());
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_EC: {
      const auto curve = curve_of(key.get());
      if (!curve)
        return fail(error_code::invalid_input, "an elliptic curve other than P-256, P-384 and P-521 is not supported");
      out.kind_ = *curve;
      break;
    }
    case EVP_PKEY_RSA:
      if (out.bits_ < least_rsa_bits || out.bits_ > most_rsa_bits)
        return fail(error_code::invalid_input, fmt::format("an RSA key of {} bits is not supported: {} to {} are",
                                                           out.bits_, least_rsa_bits, most_rsa_bits));
      out.kind_ = kind::rsa;
      break;
    case EVP_PKEY_ED25519: {
      out.kind_ = kind::ed25519;
      std::array<unsigned char, ed25519_size> raw{};
      std::size_t size = raw.size();
      if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 || size != raw.size())
        return fail(error_code::invalid_input, "the Ed25519 key is damaged");
      out.raw_.assign(reinterpret_cast<const char*>(raw.data()), raw.size());
      break;
    }
    default:
      return fail(error_code::invalid_input, "the key is not an ECDSA, RSA or Ed25519 key");
  }
  out.spki_ = spki.empty() ? encoded<EVP_PKEY>(i2d_PUBKEY, key.get()) : std::move(spki);
  if (out.spki_.empty()) return fail(error_code::invalid_input, "the key cannot be encoded");
  out.key_ = std::move(key);
  return out;
}

result<public_key> public_key::of_info(const X509_PUBKEY* info) {
  auto key = shared(X509_PUBKEY_get(info));
  ERR_clear_error();
  if (!key) return fail(error_code::invalid_input, "the key is damaged, or its algorithm is not supported");
  // Not i2d_PUBKEY: OpenSSL 3 looks up all of its encoders for it.
  return of(std::move(key), encoded<X509_PUBKEY>(i2d_X509_PUBKEY, info));
}

result<public_key> public_key::parse_pem(std::string_view text) {
  ERR_clear_error();
  const std::unique_ptr<BIO, bio_closer> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  pem_block block;
  if (!in || PEM_read_bio(in.get(), &block.name, &block.header, &block.data, &block.size) != 1) {
    ERR_clear_error();
    return fail(error_code::invalid_input, "no PEM block (-----BEGIN PUBLIC KEY-----) was found");
  }
  if (std::string_view(block.name).find("PRIVATE") != std::string_view::npos)
    return fail(error_code::invalid_input, "this is a private key; only the public one belongs here");
  const std::string_view name(block.name);
  const unsigned char* at = block.data;
  const auto unreadable = [&] {
    ERR_clear_error();
    return fail(error_code::invalid_input,
                fmt::format("the PEM block {} holds no readable public key", quoted(block.name, 40)));
  };
  if (name == PEM_STRING_PUBLIC) {
    const std::string_view spki(reinterpret_cast<const char*>(block.data), static_cast<std::size_t>(block.size));
    if (auto key = key_of_bytes(spki)) return of(std::move(key), std::string(spki));
    const key_info info(d2i_X509_PUBKEY(nullptr, &at, block.size), X509_PUBKEY_free);
    return info && X509_PUBKEY_get0(info.get()) != nullptr ? of_info(info.get()) : unreadable();
  }
  if (name == PEM_STRING_X509) {
    const std::shared_ptr<X509> certificate(d2i_X509(nullptr, &at, block.size), X509_free);
    return certificate && X509_get0_pubkey(certificate.get()) != nullptr
               ? of_info(X509_get_X509_PUBKEY(certificate.get()))
               : unreadable();
  }
  auto key = name == PEM_STRING_RSA_PUBLIC ? shared(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, block.size)) : nullptr;
  if (!key) return unreadable();
  return of(std::move(key), {});
}

result<public_key> public_key::parse_der(std::string_view spki) {
  if (auto key = key_of_bytes(spki)) return of(std::move(key), std::string(spki));
  const unsigned char* at = data_of(spki);
  const key_info info(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), X509_PUBKEY_free);
  ERR_clear_error();
  if (!info || X509_PUBKEY_get0(info.get()) == nullptr || at != data_of(spki) + spki.size()) {
    ERR_clear_error();
    return fail(error_code::invalid_input, "the public key is not readable DER");
  }
  return of_info(info.get());
}

result<public_key> public_key::of_ed25519(std::string_view raw) {
  auto key = shared(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(raw), raw.size()));
  ERR_clear_error();
  if (!key) return fail(error_code::invalid_input, "an Ed25519 key has 32 bytes");
  return of(std::move(key), {});
}

hash public_key::own_hash() const {
  switch (kind_) {
    case kind::p384:
      return hash::sha384;
    case kind::p521:
      return hash::sha512;
    default:
      return hash::sha256;
  }
}

bool public_key::verifies(std::string_view message, std::string_view signature, hash by) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* digest = kind_ == kind::ed25519 ? nullptr : digest_for(by);
  const bool is_good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message), message.size()) == 1;
  ERR_clear_error();
  if (is_good || kind_ != kind::ed25519) return is_good;
  // OpenSSL 3.0 has no Ed25519ph.
  if (signature.size() != crypto_sign_ed25519_BYTES) return false;
  crypto_sign_ed25519ph_state state;
  crypto_sign_ed25519ph_init(&state);
  crypto_sign_ed25519ph_update(&state, data_of(message), message.size());
  return crypto_sign_ed25519ph_final_verify(&state, data_of(signature), data_of(raw_)) == 0;
}

namespace {

std::optional<hash> jose_hash_of(const public_key& key) {
  if (key.type() == public_key::kind::ed25519) return std::nullopt;
  if (key.type() != public_key::kind::rsa) return key.own_hash();
  switch (key.bits()) {
    case 2048:
      return hash::sha256;
    case 3072:
      return hash::sha384;
    case 4096:
      return hash::sha512;
    default:
      return std::nullopt;
  }
}

// The DER form of two numbers of `size` bytes each; empty: they are not.
std::string der_of_numbers(std::string_view both, std::size_t size) {
  if (both.size() != 2 * size) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(data_of(both), static_cast<int>(size), nullptr);
  BIGNUM* s = BN_bin2bn(data_of(both) + size, static_cast<int>(size), nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  return encoded<ECDSA_SIG>(i2d_ECDSA_SIG, pair.get());
}

}  // namespace

std::string public_key::jose_algorithm() const {
  const auto by = jose_hash_of(*this);
  if (!by) return {};
  constexpr std::array<int, 3> sizes{256, 384, 512};
  return fmt::format("{}{}", kind_ == kind::rsa ? "PS" : "ES", sizes[static_cast<std::size_t>(*by)]);
}

bool public_key::verifies_jose(std::string_view message, std::string_view signature) const {
  const auto by = jose_hash_of(*this);
  return by && verifies_numbers_or_pss(message, signature, *by);
}

bool public_key::verifies_numbers_or_pss(std::string_view message, std::string_view signature, hash by) const {
  if (kind_ == kind::ed25519) return false;
  if (kind_ != kind::rsa) {
    const std::string der = der_of_numbers(signature, static_cast<std::size_t>(bits_ + 7) / 8);
    return !der.empty() && verifies(message, der, by);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* with = nullptr;
  const bool is_good =
      context && EVP_DigestVerifyInit(context.get(), &with, digest_for(by), nullptr, key_.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(with, RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(with, RSA_PSS_SALTLEN_DIGEST) == 1 &&
      EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message), message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

std::optional<hash> public_key::made_with(std::string_view message, std::string_view signature) const {
  const hash own = own_hash();
  if (verifies(message, signature, own)) return own;
  if (own != hash::sha256 && verifies(message, signature, hash::sha256)) return hash::sha256;
  return std::nullopt;
}

}  // namespace pinhook::trust
