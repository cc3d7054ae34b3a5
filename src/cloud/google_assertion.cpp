#include <pinhook/cloud/google_assertion.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/openssl_values.hpp>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <limits>
#include <memory>
#include <string>

namespace pinhook::cloud {
namespace {

struct freed {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};

// RFC 7515 §2: base64url without padding.
std::string base64url(std::string_view bytes) {
  std::string out = encode_base64(bytes);
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::unique_ptr<EVP_PKEY, freed> read_key(const secret& pem) {
  const std::string& text = pem.reveal();
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  const std::unique_ptr<BIO, freed> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return std::unique_ptr<EVP_PKEY, freed>(PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, nullptr));
}

std::unexpected<error> invalid_assertion(std::string_view why) {
  ERR_clear_error();
  return fail(error_code::invalid_input, fmt::format("\"private_key\" {}", why));
}

void add(std::string& json, std::string_view name, std::string_view text) {
  json += json.empty() ? '{' : ',';
  json::append_string(json, name);
  json += ':';
  json::append_string(json, text);
}

}  // namespace

result<secret> make_google_assertion(const google_service_account& account, std::string_view audience,
                                     std::string_view scope, wall_time now) {
  const auto key = read_key(account.private_key);
  if (!key) return invalid_assertion("is not a private key in PEM");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return invalid_assertion("is not an RSA key");

  std::string head;
  add(head, "alg", "RS256");
  add(head, "typ", "JWT");
  if (!account.key_id.empty()) add(head, "kid", account.key_id);
  head += '}';
  const auto issued = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::string claims;
  add(claims, "iss", account.email);
  add(claims, "scope", scope);
  add(claims, "aud", audience);
  claims += fmt::format(",\"iat\":{},\"exp\":{}}}", issued, issued + 3600);

  const std::string signed_part = base64url(head) + '.' + base64url(claims);
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_part.data());
  const std::unique_ptr<EVP_MD_CTX, freed> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, signed_part.size()) != 1)
    return invalid_assertion("does not sign");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     signed_part.size()) != 1)
    return invalid_assertion("does not sign");
  return secret(signed_part + '.' + base64url(std::string_view(signature).substr(0, size)));
}

}  // namespace pinhook::cloud
