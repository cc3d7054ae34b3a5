// One connection's bytes, plain or TLS, over a non-blocking descriptor. No call waits: it does as much as it can and
// returns the event that it needs, so TLS does not depend on Asio, nor the session on TLS.
//
// Thread rule: one thread at a time.
#pragma once

#include <pinhook/server/client_authorities.hpp>
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
  closed,      // the peer has closed, in an orderly way or not
  failed,      // the peer breaks the protocol; `failure` has the reason
};

struct io_result {
  io_status status = io_status::done;
  std::size_t bytes = 0;
};

class stream {
 public:
  virtual ~stream() = default;

  /// No other function may be called until it is done.
  virtual io_result handshake() = 0;
  /// Reads at least one byte when done.
  virtual io_result read(std::span<char> into) = 0;
  /// Writes a part of `bytes`, at least one byte when done. After want_read or want_write, call it again with the same
  /// bytes.
  virtual io_result write(std::string_view bytes) = 0;
  /// Announces the end to the peer. Tried once: bytes that cannot be sent at once are not sent.
  virtual void close() = 0;
  /// True when bytes were received that the descriptor does not announce again.
  [[nodiscard]] virtual bool has_buffered() const = 0;
  /// The check of the certificate that the peer has sent in the handshake.
  [[nodiscard]] virtual client_proof verify_peer(const client_authorities& by, wall_time now) const = 0;
  /// OpenSSL's text for the failure.
  [[nodiscard]] virtual std::string failure() const = 0;
};

/// `descriptor` is non-blocking; the caller keeps its ownership.
[[nodiscard]] std::unique_ptr<stream> make_plain_stream(int descriptor);

/// The server's side of TLS with the current certificate of `context`. Null when memory ran out.
[[nodiscard]] std::unique_ptr<stream> make_tls_stream(int descriptor, const tls_context& context);

}  // namespace pinhook::server
