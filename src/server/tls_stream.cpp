// OpenSSL over a BIO of our own: OpenSSL's socket BIO writes with write(), which raises SIGPIPE when the peer has
// closed.
#include <pinhook/server/stream.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

namespace pinhook::server {
namespace {

struct peer {
  int descriptor = -1;
  bool at_end = false;
};

peer& peer_of(BIO* b) { return *static_cast<peer*>(BIO_get_data(b)); }

int transferred(BIO* b, ssize_t n, void (*retry)(BIO*)) {
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) retry(b);
  return n > INT_MAX ? INT_MAX : static_cast<int>(n);
}

int receive(BIO* b, char* into, int size) {
  BIO_clear_retry_flags(b);
  const ssize_t n = ::recv(peer_of(b).descriptor, into, static_cast<std::size_t>(std::max(size, 0)), 0);
  if (n == 0) peer_of(b).at_end = true;
  return transferred(b, n, [](BIO* x) { BIO_set_retry_read(x); });
}

int send_bytes(BIO* b, const char* bytes, int size) {
  BIO_clear_retry_flags(b);
  const ssize_t n = ::send(peer_of(b).descriptor, bytes, static_cast<std::size_t>(std::max(size, 0)), MSG_NOSIGNAL);
  return transferred(b, n, [](BIO* x) { BIO_set_retry_write(x); });
}

long control(BIO* b, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return peer_of(b).at_end ? 1 : 0;
  return 0;
}

const BIO_METHOD* descriptor_method() {
  static const auto method = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> m(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptor"), &BIO_meth_free);
    if (m) {
      BIO_meth_set_read(m.get(), receive);
      BIO_meth_set_write(m.get(), send_bytes);
      BIO_meth_set_ctrl(m.get(), control);
    }
    return m;
  }();
  return method.get();
}

class tls_stream final : public stream {
 public:
  tls_stream(int descriptor, SSL_CTX* context) : peer_{descriptor}, ssl_(SSL_new(context), &SSL_free) {
    if (!ssl_ || descriptor_method() == nullptr) return;
    BIO* bio = BIO_new(descriptor_method());
    if (bio == nullptr) return;
    BIO_set_data(bio, &peer_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
    is_good_ = true;
  }

  [[nodiscard]] bool is_good() const { return is_good_; }

  io_result handshake() override {
    ERR_clear_error();
    return outcome(SSL_do_handshake(ssl_.get()), 0);
  }

  io_result read(std::span<char> into) override {
    ERR_clear_error();
    std::size_t n = 0;
    const int code = SSL_read_ex(ssl_.get(), into.data(), into.size(), &n);
    return outcome(code, n);
  }

  io_result write(std::string_view bytes) override {
    ERR_clear_error();
    std::size_t n = 0;
    const int code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
    return outcome(code, n);
  }

  void close() override {
    ERR_clear_error();
    if (!is_broken_ && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  [[nodiscard]] bool has_buffered() const override { return SSL_has_pending(ssl_.get()) == 1; }

  [[nodiscard]] std::string failure() const override { return failure_; }

 private:
  io_result outcome(int code, std::size_t n) {
    if (code > 0) return {io_status::done, n};
    switch (SSL_get_error(ssl_.get(), code)) {
      case SSL_ERROR_WANT_READ:
        return {io_status::want_read, 0};
      case SSL_ERROR_WANT_WRITE:
        return {io_status::want_write, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {io_status::closed, 0};
      case SSL_ERROR_SYSCALL:
        // Nothing may be sent after this, not even a close notification (SSL_get_error(3)).
        is_broken_ = true;
        return {io_status::closed, 0};
      default:
        is_broken_ = true;
        std::array<char, 160> text{};
        ERR_error_string_n(ERR_peek_error(), text.data(), text.size());
        failure_ = text.data();
        return {io_status::failed, 0};
    }
  }

  peer peer_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool is_good_ = false;
  bool is_broken_ = false;
  std::string failure_;
};

}  // namespace

std::unique_ptr<stream> make_tls_stream(int descriptor, const tls_context& context) {
  const auto current = context.current();
  if (!current) return nullptr;
  auto out = std::make_unique<tls_stream>(descriptor, current.get());
  if (!out->is_good()) return nullptr;
  return out;
}

}  // namespace pinhook::server
