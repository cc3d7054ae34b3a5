// OpenSSL over the descriptor. OpenSSL writes with write(), which raises SIGPIPE when the peer has closed: the threads
// of the worker pool block every signal, so that it is an error like any other.
#include <pinhook/server/stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>

namespace pinhook::server {
namespace {

// SSL_get_error needs an empty queue (its manual page). It mostly is, and to empty it takes 250 instructions.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

class tls_stream final : public stream {
 public:
  tls_stream(int descriptor, SSL_CTX* context) : ssl_(SSL_new(context), &SSL_free) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) return;
    SSL_set_accept_state(ssl_.get());
    is_good_ = true;
  }

  [[nodiscard]] bool is_good() const { return is_good_; }

  io_result handshake() override {
    forget_errors();
    return outcome(SSL_do_handshake(ssl_.get()), 0);
  }

  io_result read(std::span<char> into) override {
    forget_errors();
    std::size_t n = 0;
    const int code = SSL_read_ex(ssl_.get(), into.data(), into.size(), &n);
    return outcome(code, n);
  }

  io_result write(std::string_view bytes) override {
    forget_errors();
    std::size_t n = 0;
    const int code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
    return outcome(code, n);
  }

  void close() override {
    forget_errors();
    if (!is_broken_ && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
    forget_errors();
  }

  [[nodiscard]] bool has_buffered() const override { return SSL_has_pending(ssl_.get()) == 1; }

  [[nodiscard]] client_proof verify_peer(const client_authorities& by, wall_time now) const override {
    return by.verify(SSL_get0_peer_certificate(ssl_.get()), SSL_get_peer_cert_chain(ssl_.get()), now);
  }

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
