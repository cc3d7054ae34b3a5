#include "support/https_client.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace pinhook::testing {
namespace {

constexpr int patience_seconds = 20;

int connect_to(std::uint16_t port, const https_client_options& o) {
  const int fd = ::socket(o.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{patience_seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (o.receive_buffer != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o.receive_buffer, sizeof o.receive_buffer);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const auto* address = o.ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  if (::connect(fd, address, o.ipv6 ? sizeof v6 : sizeof v4) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

using ssl_ptr = std::unique_ptr<SSL, decltype(&SSL_free)>;

void use_pair(SSL_CTX* c, const https_client_options& o) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(BIO_new_mem_buf(o.certificate.data(), -1), &BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key(BIO_new_mem_buf(o.key.data(), -1), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(
      PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> of_leaf(
      PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  SSL_CTX_use_certificate(c, leaf.get());
  SSL_CTX_use_PrivateKey(c, of_leaf.get());
}

ssl_ptr make_tls(int fd, const https_client_options& o) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> c(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (o.highest_version != 0) {
    SSL_CTX_set_max_proto_version(c.get(), o.highest_version);
    if (o.highest_version < TLS1_2_VERSION) {
      SSL_CTX_set_min_proto_version(c.get(), TLS1_VERSION);
      SSL_CTX_set_security_level(c.get(), 0);
    }
  }
  if (!o.certificate.empty()) use_pair(c.get(), o);
  ssl_ptr s(SSL_new(c.get()), &SSL_free);
  std::string offered;
  for (const auto& p : o.protocols) offered += static_cast<char>(p.size()) + p;
  if (!offered.empty())
    SSL_set_alpn_protos(s.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
  if (o.resumes) SSL_set_session(s.get(), o.resumes.get());
  SSL_set_fd(s.get(), fd);
  return s;
}

}  // namespace

struct https_client::state {
  int fd = -1;
  ssl_ptr tls{nullptr, &SSL_free};
  bool is_open = false;
  // Received and not yet taken.
  std::string bytes;

  // More bytes; false at the end.
  bool fill() {
    std::array<char, 16384> part;
    if (tls) ERR_clear_error();
    const auto n = tls ? static_cast<ssize_t>(SSL_read(tls.get(), part.data(), part.size()))
                       : ::recv(fd, part.data(), part.size(), 0);
    if (n <= 0) return false;
    bytes.append(part.data(), static_cast<std::size_t>(n));
    return true;
  }
};

std::string received_response::header(std::string_view name) const {
  for (const auto& [n, v] : headers)
    if (n == name) return v;
  return {};
}

https_client::https_client(std::uint16_t port, https_client_options o) : state_(std::make_unique<state>()) {
  state_->fd = connect_to(port, o);
  if (state_->fd < 0) return;
  state_->is_open = !o.tls;
  if (!o.tls) return;
  // OpenSSL writes with write(): without a signal only while the peer is there.
  std::signal(SIGPIPE, SIG_IGN);
  state_->tls = make_tls(state_->fd, o);
  if (o.shakes_hands) handshake();
}

https_client::https_client(https_client&&) noexcept = default;

https_client::~https_client() {
  if (!state_) return;
  state_->tls.reset();
  if (state_->fd >= 0) ::close(state_->fd);
}

bool https_client::is_open() const { return state_->is_open; }

bool https_client::handshake() {
  if (state_->fd < 0) return false;
  ERR_clear_error();
  state_->is_open = SSL_connect(state_->tls.get()) == 1;
  return state_->is_open;
}

bool https_client::renegotiate() {
  ERR_clear_error();
  SSL* const tls = state_->tls.get();
  return SSL_renegotiate(tls) == 1 && SSL_do_handshake(tls) == 1 && SSL_renegotiate_pending(tls) == 0;
}

bool https_client::update_keys() {
  ERR_clear_error();
  SSL* const tls = state_->tls.get();
  return SSL_key_update(tls, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(tls) == 1;
}

bool https_client::send(std::string_view bytes) {
  if (!state_->is_open) return false;
  if (!state_->tls) return send_raw(bytes);
  ERR_clear_error();
  return bytes.empty() || SSL_write(state_->tls.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool https_client::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(state_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void https_client::end_sending() { ::shutdown(state_->fd, SHUT_WR); }

std::optional<received_response> https_client::receive(bool has_no_body) {
  auto& s = *state_;
  if (!s.is_open) return std::nullopt;
  std::size_t end = 0;
  while ((end = s.bytes.find("\r\n\r\n")) == std::string::npos)
    if (!s.fill()) return std::nullopt;
  received_response out;
  std::string head = s.bytes.substr(0, end + 2);
  s.bytes.erase(0, end + 4);
  out.status = static_cast<unsigned>(std::strtoul(head.c_str() + head.find(' '), nullptr, 10));
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t stop = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    out.headers.emplace_back(lower(head.substr(line, colon - line)), head.substr(colon + 2, stop - colon - 2));
    line = stop + 2;
  }
  const std::size_t length = has_no_body ? 0 : std::strtoul(out.header("content-length").c_str(), nullptr, 10);
  while (s.bytes.size() < length)
    if (!s.fill()) return std::nullopt;
  out.body = s.bytes.substr(0, length);
  s.bytes.erase(0, length);
  return out;
}

std::optional<received_response> https_client::ask(std::string_view request) {
  if (!send(request)) return std::nullopt;
  return receive();
}

bool https_client::has_something(std::chrono::milliseconds within) {
  if (!state_->bytes.empty() || (state_->tls && SSL_pending(state_->tls.get()) > 0)) return true;
  pollfd p{state_->fd, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(within.count())) > 0;
}

bool https_client::is_closed_by_peer() {
  if (!state_->bytes.empty()) return false;
  errno = 0;
  // Waiting in vain leaves EAGAIN behind.
  return !state_->fill() && errno != EAGAIN;
}

std::string https_client::version() const { return SSL_get_version(state_->tls.get()); }

std::string https_client::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->tls.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string https_client::peer_name() const {
  X509* leaf = SSL_get0_peer_certificate(state_->tls.get());
  if (leaf == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(leaf), NID_commonName, name.data(), name.size());
  return name.data();
}

bool https_client::has_resumed() const { return SSL_session_reused(state_->tls.get()) == 1; }

std::shared_ptr<ssl_session_st> https_client::session() const {
  return {SSL_get1_session(state_->tls.get()), &SSL_SESSION_free};
}

std::string post(std::string_view target, std::string_view body, std::string_view content_type) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target,
                     content_type, body.size(), body);
}

std::string get(std::string_view target) { return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target); }

}  // namespace pinhook::testing
