#include "support/docker_registry.hpp"
#include "support/token_server.hpp"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <vector>

namespace pinhook::testing {
namespace {

template <class T, class Free>
std::unique_ptr<T, Free> checked(T* made, Free release) {
  if (made == nullptr) throw std::runtime_error("OpenSSL refuses to sign");
  return {made, release};
}

std::string der_of(const std::string& pem) {
  const auto bio = checked(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const auto certificate = checked(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate.get(), &bytes);
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

// RFC 7518 §3.4: r and s, 32 bytes each.
std::string es256(const std::string& key_pem, const std::string& text) {
  const auto bio = checked(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())), BIO_free);
  const auto key = checked(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const auto context = checked(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &size, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size()) != 1)
    throw std::runtime_error("OpenSSL refuses to sign");
  const unsigned char* at = der.data();
  const auto signature = checked(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
  std::array<unsigned char, 64> raw{};
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + 32, 32);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

// The value of a parameter, with %3A, %2F and %2C undone: all that scopes need.
std::string parameter(const std::string& query, const std::string& name) {
  const auto at = ("&" + query).find("&" + name + "=");
  if (at == std::string::npos) return {};
  std::string value = query.substr(at + name.size() + 1);
  value = value.substr(0, value.find('&'));
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size()) {
      out += static_cast<char>(std::stoi(value.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += value[i];
    }
  }
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::vector<unsigned char> out(4 * ((bytes.size() + 2) / 3) + 1);
  const int size =
      EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size)};
}

std::string base64url(std::string_view bytes) {
  std::string out = base64(bytes);
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

token_server::token_server(std::string user, std::string password) : basic_("Basic " + base64(user + ":" + password)) {
  server_.handle("GET", "/token", [this](const recorded_request& r) { return answer(r); });
}

std::string token_server::issue(std::string_view repository, std::string_view actions) const {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  std::string listed;
  for (std::string_view left = actions; !left.empty();) {
    const auto comma = left.find(',');
    listed += (listed.empty() ? "\"" : ",\"") + std::string(left.substr(0, comma)) + "\"";
    left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
  }
  const std::string header = R"({"typ":"JWT","alg":"ES256","x5c":[")" + base64(der_of(signer_.certificate)) + R"("]})";
  const std::string claims =
      std::string(R"({"iss":")") + docker_registry::issuer + R"(","sub":"test","aud":")" + docker_registry::service +
      R"(","jti":"1","iat":)" + std::to_string(now.count()) + ",\"nbf\":" + std::to_string(now.count() - 60) +
      ",\"exp\":" + std::to_string(now.count() + 600) + R"(,"access":[{"type":"repository","name":")" +
      std::string(repository) + R"(","actions":[)" + listed + "]}]}";
  const std::string text = base64url(header) + "." + base64url(claims);
  return text + "." + base64url(es256(signer_.key, text));
}

reply token_server::answer(const recorded_request& r) const {
  const std::string shown = r.header("Authorization");
  const bool is_user = shown == basic_;
  if (!shown.empty() && !is_user)
    return {.status = 401, .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"wrong user name or password"}]})"};
  if (parameter(r.query(), "service") != docker_registry::service) return {.status = 400};
  // "repository:<name>:<actions>"
  const std::string scope = parameter(r.query(), "scope");
  const auto first = scope.find(':');
  const auto last = scope.rfind(':');
  if (first == std::string::npos || first == last) return {.status = 400};
  const std::string repository = scope.substr(first + 1, last - first - 1);
  // As real ones do: a grant of nothing is still a token.
  const bool may_pull = is_user || repository.starts_with("public/");
  return {.headers = {{"Content-Type", "application/json"}},
          .body = R"({"token":")" + issue(repository, may_pull ? "pull" : "") + R"(","expires_in":600})"};
}

}  // namespace pinhook::testing
