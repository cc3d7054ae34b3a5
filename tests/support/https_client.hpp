// A client of one connection that the test controls, also beyond good behaviour: half a request, two at once, no
// handshake, no reading.
//
//   https_client c(port);
//   c.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
//   auto r = c.receive();
//   EXPECT_EQ(r->status, 200);
//
// Blocking; every wait ends after 20 s, which a test takes for a failure. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ssl_session_st;

namespace pinhook::testing {

struct https_client_options {
  /// Without: plain TCP.
  bool tls = true;
  /// Without: connected, and not a byte sent (`handshake` does it later).
  bool shakes_hands = true;
  bool ipv6 = false;
  /// Highest version offered, as OpenSSL's TLS1_1_VERSION…; 0: the best there is. Below 1.2 the security level is
  /// lowered so that OpenSSL offers it at all.
  int highest_version = 0;
  /// Protocols offered by ALPN.
  std::vector<std::string> protocols{};
  /// A session to resume.
  std::shared_ptr<ssl_session_st> resumes{};
  /// The client's own certificate and its key in PEM; empty: none is sent.
  std::string certificate{};
  std::string key{};
  /// Bytes of the socket's receive buffer; 0: the system's default.
  int receive_buffer = 0;
};

struct received_response {
  unsigned status = 0;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// Empty when there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

class https_client {
 public:
  explicit https_client(std::uint16_t port, https_client_options o = {});
  https_client(https_client&&) noexcept;
  ~https_client();

  /// Whether it is connected and, over TLS, the handshake was made.
  [[nodiscard]] bool is_open() const;
  bool handshake();
  /// A further handshake on the connection, of TLS 1.2: whether the peer takes part. It cannot be used when not.
  bool renegotiate();
  /// Sends a KeyUpdate of TLS 1.3 that asks for one in return.
  bool update_keys();

  /// False when the peer takes no more.
  bool send(std::string_view bytes);
  /// Past TLS, straight to the socket.
  bool send_raw(std::string_view bytes);

  /// Ends the sending direction of the socket, without TLS's own end.
  void end_sending();

  /// The next response, whole (100 Continue too). Nothing when the connection ends before.
  /// `has_no_body`: the answer to HEAD.
  std::optional<received_response> receive(bool has_no_body = false);
  /// send and receive.
  std::optional<received_response> ask(std::string_view request);

  /// Whether bytes, or the end, have come or come within the time.
  bool has_something(std::chrono::milliseconds within);

  /// Waits for the end of the connection: true when it comes and nothing before it.
  bool is_closed_by_peer();

  /// The result of the handshake: "TLSv1.3"; the protocol chosen by ALPN; the peer's common name.
  [[nodiscard]] std::string version() const;
  [[nodiscard]] std::string protocol() const;
  [[nodiscard]] std::string peer_name() const;
  [[nodiscard]] bool has_resumed() const;
  /// To resume later; of TLS 1.3 only after a response has been read.
  [[nodiscard]] std::shared_ptr<ssl_session_st> session() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// "POST <target> HTTP/1.1", Host, Content-Type and Content-Length, and the body.
std::string post(std::string_view target, std::string_view body, std::string_view content_type = "application/json");
std::string get(std::string_view target);

}  // namespace pinhook::testing
