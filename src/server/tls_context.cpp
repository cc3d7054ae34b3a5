#include <pinhook/server/tls_context.hpp>

#include <pinhook/base/openssl_values.hpp>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::server {

namespace {

template <class T, void (*Free)(T*)>
struct freer {
  void operator()(T* p) const { Free(p); }
};
void free_bio(BIO* b) { BIO_free_all(b); }
using bio_ptr = std::unique_ptr<BIO, freer<BIO, free_bio>>;
using x509_ptr = std::unique_ptr<X509, freer<X509, X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY, EVP_PKEY_free>>;

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "unknown error";
}

std::unexpected<error> bad(const std::string& name, std::string_view reason) {
  return fail(error_code::invalid_input, fmt::format("{}: {}", name, reason));
}

bio_ptr memory(std::string_view text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Selects HTTP/1.1 when the peer offers it, also beside h2; any other peer continues without ALPN.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<SSL_CTX> make_context() {
  std::shared_ptr<SSL_CTX> c(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (!c) return c;
  SSL_CTX_set_min_proto_version(c.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(c.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Partial writes and a moving buffer: a write continues where the last one stopped, and its bytes may have moved.
  SSL_CTX_set_mode(c.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // An idle connection holds no record buffers (34 KiB); the cost is one allocation for each request.
  SSL_CTX_set_mode(c.get(), SSL_MODE_RELEASE_BUFFERS);
  // A record and its header in one recv().
  SSL_CTX_set_read_ahead(c.get(), 1);
  // Tickets carry the session, so no session is stored here.
  SSL_CTX_set_session_cache_mode(c.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(c.get(), choose_protocol, nullptr);
  if (SSL_CTX_set_cipher_list(c.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) c.reset();
  return c;
}

int accept_any(X509_STORE_CTX*, void*) { return 1; }

// The certificate is checked behind the handshake (client_authorities). No names of authorities are sent: Go's client
// would then answer a request for another authority with no certificate, and the reason of the refusal would be lost.
void request_client_certificate(SSL_CTX* c) {
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(c, accept_any, nullptr);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(c, 0);
}

result<void> put_chain(SSL_CTX* c, std::string_view pem, const std::string& name, certificate_validity& valid) {
  const auto in = memory(pem);
  const x509_ptr leaf(PEM_read_bio_X509_AUX(in.get(), nullptr, no_pass_phrase, nullptr));
  if (!leaf) {
    ERR_clear_error();
    return bad(name, "holds no certificate in PEM; the leaf comes first, then its chain");
  }
  if (SSL_CTX_use_certificate(c, leaf.get()) != 1) return bad(name, openssl_reason());
  valid = {moment_of(X509_get0_notBefore(leaf.get())).value_or(wall_time{}),
           moment_of(X509_get0_notAfter(leaf.get())).value_or(wall_time{})};
  while (const x509_ptr next{PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr)})
    if (SSL_CTX_add1_chain_cert(c, next.get()) != 1) return bad(name, openssl_reason());
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason();
  if (!at_end) return bad(name, "a certificate of the chain cannot be read: " + reason);
  return {};
}

result<key_ptr> read_key(const secret& pem, const std::string& name) {
  const auto in = memory(pem.reveal());
  key_ptr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key) return bad(name, "holds no private key in PEM without a passphrase");
  return key;
}

// As Go's verifier reads it: the subject's common name does not count (crypto/x509 Certificate.VerifyHostname).
bool is_for(X509* leaf, const std::string& name) {
  return X509_check_host(leaf, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1 ||
         X509_check_ip_asc(leaf, name.c_str(), 0) == 1;
}

}  // namespace

tls_context::tls_context(const clock& time) : time_(time) {}
tls_context::~tls_context() = default;

result<void> tls_context::set_pair(std::string_view certificate_pem, const secret& key_pem, const pair_names& names) {
  ERR_clear_error();
  auto c = make_context();
  if (!c) return fail(error_code::internal, "OpenSSL gives no TLS context: " + openssl_reason());
  certificate_validity validity;
  if (auto ok = put_chain(c.get(), certificate_pem, names.certificate, validity); !ok) return ok;
  auto key = read_key(key_pem, names.key);
  if (!key) return std::unexpected(key.error());
  if (X509_check_private_key(SSL_CTX_get0_certificate(c.get()), key->get()) != 1) {
    ERR_clear_error();
    return bad(names.key, fmt::format("is not the key of the certificate in {}", names.certificate));
  }
  if (SSL_CTX_use_PrivateKey(c.get(), key->get()) != 1) return bad(names.key, openssl_reason());
  const std::lock_guard lock(mutex_);
  if (clients_) request_client_certificate(c.get());
  X509* const leaf = SSL_CTX_get0_certificate(c.get());
  const bool is_named = std::ranges::any_of(expected_names_, [&](const auto& one) { return is_for(leaf, one); });
  if (context_) {
    const wall_time now = time_.wall();
    if (auto reason = reason_to_keep(validity_, validity, now))
      return fail(error_code::unavailable, fmt::format("{}: {}", names.certificate, *reason));
    if (is_named_ && !is_named && !pinhook::server::why_not_valid(validity_, now))
      return bad(names.certificate, "it is not for " + expected_names_.front());
  }
  context_ = std::move(c);
  validity_ = validity;
  is_named_ = is_named;
  chain_ = certificate_pem;
  return {};
}

void tls_context::set_expected_names(std::vector<std::string> names) {
  const std::lock_guard lock(mutex_);
  expected_names_ = std::move(names);
}

result<void> tls_context::set_client_authorities(std::string_view pem, std::string_view name) {
  auto read = client_authorities::parse(pem, name);
  if (!read) return fail(std::move(read.error()));
  const std::lock_guard lock(mutex_);
  clients_ = *std::move(read);
  ++clients_version_;
  return {};
}

std::shared_ptr<const client_authorities> tls_context::authorities_of_clients() const {
  const std::lock_guard lock(mutex_);
  return clients_;
}

bool tls_context::is_loaded() const {
  const std::lock_guard lock(mutex_);
  return context_ != nullptr;
}

wall_time tls_context::not_after() const {
  const std::lock_guard lock(mutex_);
  return validity_.not_after;
}

std::optional<std::string> tls_context::why_not_valid() const {
  const std::lock_guard lock(mutex_);
  if (!context_) return std::nullopt;
  return pinhook::server::why_not_valid(validity_, time_.wall());
}

std::optional<std::string> tls_context::why_not_named() const {
  const std::lock_guard lock(mutex_);
  if (!context_ || is_named_ || expected_names_.empty()) return std::nullopt;
  return "it is not for " + expected_names_.front();
}

std::string tls_context::chain() const {
  const std::lock_guard lock(mutex_);
  return chain_;
}

std::shared_ptr<ssl_ctx_st> tls_context::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace pinhook::server
