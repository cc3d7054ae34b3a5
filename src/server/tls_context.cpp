#include <pinhook/server/tls_context.hpp>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <system_error>
#include <utility>

namespace pinhook::server {

struct tls_context::pair {
  std::string certificate;
  secret key;
  // How messages name them.
  std::string certificate_name;
  std::string key_name;
};

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

std::unexpected<error> bad(const std::string& name, std::string_view why) {
  return fail(error_code::invalid_input, fmt::format("{}: {}", name, why));
}

bio_ptr memory(std::string_view text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key with a passphrase is refused instead of asked for on a terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

// HTTP/1.1 is what there is; a peer that offers it along with h2 is told so, any other goes on without ALPN.
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
  // Partial writes and a moving buffer: a write goes on where the last one stopped, from wherever the bytes are then.
  SSL_CTX_set_mode(c.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // An idle connection holds no record buffers (34 KiB); the cost is an allocation a request.
  SSL_CTX_set_mode(c.get(), SSL_MODE_RELEASE_BUFFERS);
  // A record and its header in one recv().
  SSL_CTX_set_read_ahead(c.get(), 1);
  // Tickets carry the session, so nothing has to be remembered here.
  SSL_CTX_set_session_cache_mode(c.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(c.get(), choose_protocol, nullptr);
  if (SSL_CTX_set_cipher_list(c.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) c.reset();
  return c;
}

result<void> put_chain(SSL_CTX* c, std::string_view pem, const std::string& name, wall_time& not_after) {
  const auto in = memory(pem);
  const x509_ptr leaf(PEM_read_bio_X509_AUX(in.get(), nullptr, no_passphrase, nullptr));
  if (!leaf) {
    ERR_clear_error();
    return bad(name, "holds no certificate in PEM; the leaf comes first, then its chain");
  }
  if (SSL_CTX_use_certificate(c, leaf.get()) != 1) return bad(name, openssl_reason());
  std::tm expiry{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &expiry) == 1)
    not_after = std::chrono::system_clock::from_time_t(timegm(&expiry));
  while (const x509_ptr next{PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr)})
    if (SSL_CTX_add1_chain_cert(c, next.get()) != 1) return bad(name, openssl_reason());
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason();
  if (!at_end) return bad(name, "a certificate of the chain cannot be read: " + reason);
  return {};
}

std::string fingerprint(std::string_view certificate, const secret& key) {
  return keyed_hash(fmt::format("{}\n{}", keyed_hash(certificate), keyed_hash(key.reveal())));
}

result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return bad(path, fmt::format("cannot be opened: {}", std::error_code(errno, std::generic_category()).message()));
  std::string text(tls_context::file_limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return bad(path, "cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > tls_context::file_limit)
    return bad(path, fmt::format("is over {} bytes: no certificate or key", tls_context::file_limit));
  return text;
}

result<key_ptr> read_key(const secret& pem, const std::string& name) {
  const auto in = memory(pem.reveal());
  key_ptr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) return bad(name, "holds no private key in PEM without a passphrase");
  return key;
}

struct file_contents {
  std::string certificate;
  secret key;
};

result<file_contents> read_files(const certificate_files& files) {
  auto certificate = read_file(files.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  auto key = read_file(files.key);
  if (!key) return std::unexpected(key.error());
  return file_contents{*std::move(certificate), secret(*std::move(key))};
}

}  // namespace

tls_context::tls_context() = default;
tls_context::~tls_context() = default;

result<void> tls_context::use(const pair& p) {
  ERR_clear_error();
  auto c = make_context();
  if (!c) return fail(error_code::internal, "OpenSSL gives no TLS context: " + openssl_reason());
  wall_time not_after{};
  if (auto ok = put_chain(c.get(), p.certificate, p.certificate_name, not_after); !ok) return ok;
  auto key = read_key(p.key, p.key_name);
  if (!key) return std::unexpected(key.error());
  if (X509_check_private_key(SSL_CTX_get0_certificate(c.get()), key->get()) != 1) {
    ERR_clear_error();
    return bad(p.key_name, fmt::format("is not the key of the certificate in {}", p.certificate_name));
  }
  if (SSL_CTX_use_PrivateKey(c.get(), key->get()) != 1) return bad(p.key_name, openssl_reason());
  const std::lock_guard lock(mutex_);
  context_ = std::move(c);
  not_after_ = not_after;
  chain_ = p.certificate;
  return {};
}

result<void> tls_context::load(certificate_files files) {
  auto read = read_files(files);
  if (!read) return std::unexpected(read.error());
  std::string tried = fingerprint(read->certificate, read->key);
  if (auto ok = use({read->certificate, read->key, files.certificate, files.key}); !ok) return ok;
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  tried_ = std::move(tried);
  return {};
}

result<void> tls_context::set_pair(std::string_view certificate_pem, const secret& key_pem) {
  if (auto ok = use({std::string(certificate_pem), key_pem, "the certificate", "the key"}); !ok) return ok;
  const std::lock_guard lock(mutex_);
  files_ = {};
  tried_.clear();
  return {};
}

result<bool> tls_context::reload() {
  certificate_files files;
  std::string tried;
  {
    const std::lock_guard lock(mutex_);
    files = files_;
    tried = tried_;
  }
  if (files.certificate.empty()) return false;

  auto read = read_files(files);
  // Unreadable is a content of its own: said once.
  std::string now = read ? fingerprint(read->certificate, read->key) : read.error().message;
  if (now == tried) return false;
  result<void> used;
  if (!read) {
    used = std::unexpected(read.error());
  } else {
    used = use({read->certificate, read->key, files.certificate, files.key});
    if (!used) {
      // One file may have been replaced between the two reads; then the next call sees another content.
      auto again = read_files(files);
      if (again && fingerprint(again->certificate, again->key) != now) return false;
    }
  }
  const std::lock_guard lock(mutex_);
  tried_ = std::move(now);
  if (!used) return std::unexpected(used.error());
  return true;
}

bool tls_context::is_loaded() const {
  const std::lock_guard lock(mutex_);
  return context_ != nullptr;
}

wall_time tls_context::not_after() const {
  const std::lock_guard lock(mutex_);
  return not_after_;
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
