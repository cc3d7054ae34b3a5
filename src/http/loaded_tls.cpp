#include <pinhook/http/loaded_tls.hpp>

#include <pinhook/http/endpoint.hpp>
#include <pinhook/http/pem_text.hpp>
#include <pinhook/http/trust.hpp>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

namespace pinhook::http {
namespace {

constexpr std::string_view certificate_role = "client certificate";
constexpr std::string_view key_file_role = "client key";

// The form of a host in a URL.
result<std::string> url_host(const std::string& name) {
  boost::system::error_code no_address;
  const auto v6 = boost::asio::ip::make_address_v6(name, no_address);
  if (!no_address) return fmt::format("[{}]", v6.to_string());
  const bool has_marks = name.find_first_of("/?#@:[]%\\") != std::string::npos;
  if (has_marks || !parse_endpoint(fmt::format("https://{}/", name)))
    return fail(error_code::invalid_input,
                fmt::format("the TLS server name {} is not a valid host name", quoted(name, 80)));
  return name;
}

result<void> load_identity(const tls_settings& s, loaded_tls& into) {
  if (s.certificate.is_empty()) {
    if (s.key.is_empty()) return {};
    return fail(error_code::invalid_input, fmt::format("{} has no certificate", name_of(s.key, key_file_role)));
  }
  const std::string certificate_name = name_of(s.certificate, certificate_role);
  const auto text = read_pem(s.certificate, certificate_role);
  if (!text) return fail(text.error());
  auto certificates = parse_certificates(*text);
  if (!certificates) return fail(certificates.error().at(certificate_name));
  if (certificates->empty())
    return fail(error_code::invalid_input, fmt::format("{} holds no PEM certificate", certificate_name));
  const pem& key_pem = s.key.is_empty() ? s.certificate : s.key;
  const std::string_view key_role = s.key.is_empty() ? certificate_role : key_file_role;
  const auto key_text = read_pem(key_pem, key_role);
  if (!key_text) return fail(key_text.error());
  auto key = parse_key(*key_text);
  if (!key) return fail(key.error().at(name_of(key_pem, key_role)));
  const bool fits = X509_check_private_key(certificates->front().get(), key->get()) == 1;
  ERR_clear_error();
  if (!fits)
    return fail(error_code::invalid_input,
                fmt::format("{} holds another key than that of {}", name_of(key_pem, key_role), certificate_name));
  into.certificates = std::move(*certificates);
  into.key = std::move(*key);
  return {};
}

}  // namespace

result<loaded_tls> load_tls(const tls_settings& s) {
  loaded_tls out;
  out.verify = s.verify;
  auto trust = make_trust_store(s.authorities, s.system_authorities);
  if (!trust) return fail(std::move(trust.error()));
  out.trust = std::move(*trust);
  if (auto loaded = load_identity(s, out); !loaded) return fail(std::move(loaded.error()));
  if (!s.server_name.empty()) {
    auto host = url_host(s.server_name);
    if (!host) return fail(std::move(host.error()));
    out.server_name = std::move(*host);
  }
  return out;
}

bool apply(const loaded_tls& tls, ssl_ctx_st* context) {
  SSL_CTX_set1_cert_store(context, tls.trust.get());
  if (tls.certificates.empty()) return true;
  if (SSL_CTX_use_certificate(context, tls.certificates.front().get()) != 1) return false;
  if (SSL_CTX_use_PrivateKey(context, tls.key.get()) != 1) return false;
  for (std::size_t i = 1; i < tls.certificates.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, tls.certificates[i].get()) != 1) return false;
  return true;
}

std::vector<file_stamp> stamps_of(const tls_settings& s) {
  std::vector<file_stamp> out;
  for (const pem& one : s.authorities) out.push_back(stamp_of(one.file));
  out.push_back(stamp_of(s.certificate.file));
  out.push_back(stamp_of(s.key.file));
  return out;
}

}  // namespace pinhook::http
