// Limits of every size and time that a peer controls, with the reason for each default.
//
// Plain values: set before the server starts, read by every thread after that.
#pragma once

#include <chrono>
#include <cstddef>

namespace pinhook::server {

struct limits {
  /// Bytes of a request's body; more is refused with 413, before it is read when Content-Length says so. etcd holds
  /// objects up to 1.5 MiB by default and the API server takes requests up to 3 MiB; a review carries the object twice.
  std::size_t body = std::size_t{8} * 1024 * 1024;

  /// Bytes of the request line and all header lines; more is refused with 431. API servers send under 2 KiB; the rest
  /// is for tokens and headers that proxies add.
  std::size_t header = std::size_t{32} * 1024;

  /// Bytes of the request target; more is refused with 414. The longest path of ours with its query is under 64.
  std::size_t target = std::size_t{2} * 1024;

  /// Bytes of one chunk's size line, or of the trailers, of a chunked body; more is refused with 400. They are a few
  /// bytes in honest requests.
  std::size_t chunk_line = std::size_t{4} * 1024;

  /// Bytes of bodies over 64 KiB that may be held at one time, all connections together; a request over it is refused
  /// with 503 and Retry-After. It bounds memory: 1024 connections with 8 MiB each would be 8 GiB.
  std::size_t bodies_in_memory = std::size_t{128} * 1024 * 1024;

  /// Open connections. At the limit one that waits for a request is closed for a new one (connection_order); where each
  /// has a request under way, the new one is closed at once, so that the peer learns it at once instead of waiting in
  /// the backlog until its own timeout. Both are counted and logged. An API server opens a few; a probe one.
  std::size_t connections = 1024;

  /// From the first byte to the end of the TLS handshake.
  std::chrono::milliseconds handshake{10'000};

  /// From the first byte of a request to the last of its body, and from the handshake to the first request. A request
  /// that takes longer is answered with 408. API servers send a whole review at once.
  std::chrono::milliseconds request{10'000};

  /// In a drain: from the handshake to the first request. Go's client does not retry on another connection when one
  /// is closed that it has just made (net/http, shouldRetryRequest); its request follows the handshake at once.
  std::chrono::milliseconds first_request_in_drain{1'000};

  /// The time that a connection waits for its next request. API servers keep connections and use them again; a TLS
  /// handshake costs as much as 20 requests, so this is long. Longer than the 90 s after which Go's client closes an
  /// idle connection by itself, so that the client closes first and no request meets a closing connection.
  std::chrono::milliseconds idle{300'000};

  /// The time for the peer to take a whole response.
  std::chrono::milliseconds write{10'000};

  /// After a response that refuses a body that is still arriving: the time for which the rest is read and dropped, so
  /// that the peer can read the response before the connection is closed.
  std::chrono::milliseconds linger{2'000};
};

}  // namespace pinhook::server
