// Reads HTTP/1.1 requests from bytes, without I/O: the session fills a buffer and calls `advance`.
//
//   for (;;) {
//     auto step = reader.advance(buffer);
//     if (!step) …answer step.error()…
//     if (*step == progress::head) …check reader.head(), refuse or continue…
//     if (*step == progress::complete) { use reader.head() and reader.body(buffer); reader.next(buffer); }
//     if (*step == progress::need_more) …read reader.wanted() bytes or more…
//   }
//
// Bytes of a following request stay in the buffer (pipelining). A body with Content-Length is never copied: it stays
// in the buffer. A chunked body is collected beside it.
//
// The reader refuses requests that RFC 9112 leaves open: Transfer-Encoding beside Content-Length, any coding but
// chunked, HTTP/1.1 without Host.
//
// Thread rule: one thread at a time.
#pragma once

#include <pinhook/base/secret.hpp>
#include <pinhook/server/byte_buffer.hpp>
#include <pinhook/server/limits.hpp>
#include <pinhook/server/routes.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::server {

struct request_head {
  std::string method;
  /// In origin form, also where the peer sent the absolute one.
  std::string target;
  std::string content_type;
  std::string host = {};
  secret authorization = {};
  /// The value of Content-Length; nothing without one (no body, or a chunked body).
  std::optional<std::uint64_t> content_length;
  bool is_chunked = false;
  bool expects_continue = false;
  /// The peer keeps the connection (from the default of the version and the Connection header).
  bool keeps_alive = false;

  [[nodiscard]] bool has_body() const { return is_chunked || content_length.value_or(0) != 0; }
};

enum class progress : std::uint8_t {
  need_more,  // bytes are missing
  head,       // the head is complete; once for each request
  complete,   // the body is complete, too
};

class request_reader {
 public:
  /// `l` must outlive the reader.
  explicit request_reader(const limits& l);
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;
  ~request_reader();

  /// Takes as much as possible from the front of `in`. A refusal (400, 411, 413, 414, 431, 501, 505) ends the
  /// connection, since the start of the next request is unknown.
  [[nodiscard]] std::expected<progress, refusal> advance(byte_buffer& in);

  /// From progress::head until `next`.
  [[nodiscard]] const request_head& head() const;

  /// From progress::complete until `next`; at least byte_buffer::padding readable bytes behind it.
  [[nodiscard]] std::string_view body(const byte_buffer& in) const;

  /// The number of bytes to make room for before the next read.
  [[nodiscard]] std::size_t wanted(const byte_buffer& in) const;

  /// Bytes of memory that hold a chunked body.
  [[nodiscard]] std::size_t gathered() const;

  /// Drops the request and prepares for the next one. The memory of a large body is freed.
  void next(byte_buffer& in);

 private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::server
