// One connection's bytes, plain or TLS, over a non-blocking descriptor. Nothing here waits: a call does what it can now
// and says what it waits for, so TLS knows nothing of Asio and the session nothing of TLS.
//
// Thread rule: one thread at a time.
#pragma once

#include <pinhook/server/tls_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pinhook::server {

enum class io_status : std::uint8_t {
  done,
  want_read,   // call again when the descriptor is readable
  want_write,  // call again when it is writable
  closed,      // the peer is gone, in an orderly way or not
  failed,      // the peer breaks the protocol; `failure` says how
};

struct io_result {
  io_status status = io_status::done;
  std::size_t bytes = 0;
};

class stream {
 public:
  virtual ~stream() = default;

  /// Until it is done nothing else may be called.
  virtual io_result handshake() = 0;
  /// At least one byte when done.
  virtual io_result read(std::span<char> into) = 0;
  /// Part of `bytes`, at least one byte when done. After a want, call again with the same bytes.
  virtual io_result write(std::string_view bytes) = 0;
  /// Tells the peer that nothing follows. Tried once; what cannot be sent now is not sent.
  virtual void close() = 0;
  /// Bytes have come that the descriptor will not announce again.
  [[nodiscard]] virtual bool has_buffered() const = 0;
  /// Why it failed, in OpenSSL's words.
  [[nodiscard]] virtual std::string failure() const = 0;
};

/// `descriptor` is non-blocking and stays the caller's.
[[nodiscard]] std::unique_ptr<stream> make_plain_stream(int descriptor);

/// The server's side of TLS with the certificate that `context` holds now. Null when memory ran out.
[[nodiscard]] std::unique_ptr<stream> make_tls_stream(int descriptor, const tls_context& context);

}  // namespace pinhook::server
