#include <pinhook/server/client_authorities.hpp>

#include <pinhook/base/openssl_values.hpp>
#include <pinhook/base/x509_certificate.hpp>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::server {
namespace {

using store_context = std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)>;

// Certificates between the client's and the authority's; two are the most in use.
constexpr int max_depth = 8;
// As the handshake of this server requires of its own certificate: Debian's default, 112 bits.
constexpr int security_level = 2;

// The reasons that people meet, in words that say what to look at; OpenSSL's text for the others.
struct fault_text {
  int code;
  std::string_view text;
};
constexpr auto unknown_authority = "none of the authorities has signed it";
constexpr std::array<fault_text, 6> fault_texts{{
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, unknown_authority},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, unknown_authority},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, unknown_authority},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, unknown_authority},
    {X509_V_ERR_INVALID_PURPOSE, "it is not for clients (extended key usage clientAuth)"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "it has expired"},
}};

std::string fault_of(int code) {
  const auto* const known = std::ranges::find(fault_texts, code, &fault_text::code);
  return known != fault_texts.end() ? std::string(known->text) : X509_verify_cert_error_string(code);
}

// The first moment at which a certificate of the chain is no longer valid.
wall_time end_of(const X509_STORE_CTX* done) {
  wall_time out = wall_time::max();
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(done);
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (const auto end = moment_of(X509_get0_notAfter(sk_X509_value(chain, i)))) out = std::min(out, *end);
  return out == wall_time::max() ? out : out + std::chrono::seconds(1);
}

std::vector<std::string> names_of(const x509_certificate& c) {
  std::vector<std::string> out;
  if (!c.common_name().empty()) out.push_back(c.common_name());
  for (const auto* more : {&c.dns_names(), &c.addresses(), &c.uris()})
    out.insert(out.end(), more->begin(), more->end());
  return out;
}

client_proof invalid(std::string fault, wall_time now) {
  return {client_certificate::invalid, {}, std::move(fault), now + std::chrono::seconds(1)};
}

}  // namespace

result<std::shared_ptr<const client_authorities>> client_authorities::parse(std::string_view pem,
                                                                            std::string_view name) {
  const parsed_bundle read = parse_bundle(pem);
  if (read.certificates.empty())
    return fail(error_code::invalid_input, fmt::format("{}: holds no certificate in PEM", name));
  if (read.unread != 0)
    return fail(error_code::invalid_input, fmt::format("{}: one of its certificates cannot be read", name));
  std::shared_ptr<client_authorities> out(new client_authorities());
  out->store_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), &X509_STORE_free);
  bool good = out->store_ != nullptr;
  for (const auto& one : read.certificates) good = good && X509_STORE_add_cert(out->store_.get(), one.native()) == 1;
  good = good && X509_STORE_set_flags(out->store_.get(), X509_V_FLAG_PARTIAL_CHAIN) == 1;
  ERR_clear_error();
  if (!good) return fail(error_code::internal, fmt::format("{}: OpenSSL does not take its certificates", name));
  out->size_ = read.certificates.size();
  return out;
}

client_proof client_authorities::verify(x509_st* leaf, stack_st_X509* chain, wall_time now) const {
  if (leaf == nullptr) return {};
  const store_context check(X509_STORE_CTX_new(), &X509_STORE_CTX_free);
  if (!check || X509_STORE_CTX_init(check.get(), store_.get(), leaf, chain) != 1 ||
      X509_STORE_CTX_set_default(check.get(), "ssl_client") != 1)
    return invalid("memory ran out", now);
  X509_VERIFY_PARAM* const options = X509_STORE_CTX_get0_param(check.get());
  X509_VERIFY_PARAM_set_depth(options, max_depth);
  X509_VERIFY_PARAM_set_auth_level(options, security_level);
  X509_STORE_CTX_set_time(check.get(), 0, std::chrono::system_clock::to_time_t(now));
  const bool good = X509_verify_cert(check.get()) == 1;
  const int code = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  if (!good) return invalid(fault_of(code), now);
  const auto read = x509_certificate::of(*leaf);
  if (!read) return invalid(read.error().message, now);
  return {client_certificate::verified, names_of(*read), {}, end_of(check.get())};
}

}  // namespace pinhook::server
