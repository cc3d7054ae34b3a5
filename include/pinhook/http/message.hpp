// An HTTP request and its response. Plain values: no I/O, no thread rule.
#pragma once

#include <pinhook/base/secret.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::http {

enum class method : std::uint8_t { get, head, post, put, patch, remove };

std::string_view to_string(method m) noexcept;

struct header {
  std::string name;
  std::string value;
};
using headers = std::vector<header>;

/// The value of the first header of that name (names compare without case), or nothing.
[[nodiscard]] std::optional<std::string_view> find_header(const headers& all, std::string_view name);
/// The values of all headers of that name, in order.
[[nodiscard]] std::vector<std::string_view> find_headers(const headers& all, std::string_view name);

/// Limits of a response. They are counted in libcurl's callbacks, so a false length gains a peer nothing. Exceeding one
/// ends the transfer with `malformed`.
struct response_limits {
  /// Token and error bodies: 64 KiB, as in go-containerregistry (pkg/v1/remote). Manifests: 8 MiB, as in regclient
  /// (scheme/reg/manifest.go).
  std::size_t body = std::size_t{64} * 1024;
  std::size_t header_bytes = std::size_t{64} * 1024;
  std::size_t header_lines = 100;
};

/// The addresses that the connection may go to; checked on the resolved address at connect, so DNS rebinding, odd
/// spellings of numbers and redirects are covered in one place. Link-local, metadata, unspecified, multicast and
/// broadcast addresses are never allowed.
struct reach {
  /// 127.0.0.0/8 and ::1: only for a registry that is named so, or that the configuration names.
  bool loopback = false;
  /// RFC 1918, unique local and carrier-grade NAT addresses: corporate registries use them.
  bool private_networks = true;
  friend bool operator==(const reach&, const reach&) = default;
};

/// PEM text, or the file with it, which is read again when it changes.
struct pem {
  std::string file;
  secret text;
  [[nodiscard]] bool is_empty() const { return file.empty() && text.is_empty(); }
  friend bool operator==(const pem&, const pem&) = default;
};

/// The trust in a TLS server, and the client's identity. Requests with different settings never share a connection.
struct tls_settings {
  /// Certificates that are trusted.
  std::vector<pem> authorities;
  /// Trust the system's authorities too. False: only `authorities`, as for a cluster's API server.
  bool system_authorities = true;
  /// The client certificate and its key, when the server requires one. The key may be in `certificate`.
  pem certificate;
  pem key;
  /// False: any certificate is accepted. Only where an operator configured it.
  bool verify = true;
  /// The name that the server's certificate must have; empty: the URL's host.
  std::string server_name;
  friend bool operator==(const tls_settings&, const tls_settings&) = default;
};

/// Trusts the certificates of that PEM file beside the system's. Null for an empty name.
[[nodiscard]] std::shared_ptr<const tls_settings> trusting(std::string ca_file);

/// AWS Signature Version 4, made by libcurl (CURLOPT_AWS_SIGV4) over the method, the URL, the body and the headers.
struct aws_signature {
  std::string region;   // "eu-central-1"
  std::string service;  // "ecr"
  std::string access_key_id;
  secret secret_access_key;
  /// Sent as X-Amz-Security-Token, and signed; may be empty.
  secret session_token;
};

struct request {
  method verb = method::get;
  /// Absolute, http or https. Redirects are never followed by the client: the caller decides.
  std::string url;
  http::headers headers;
  /// The value of the Authorization header, kept separately so that it is never printed.
  std::optional<secret> authorization;
  /// For POST, PUT and PATCH. A secret since token requests carry credentials in it.
  std::optional<secret> body;
  response_limits limits;
  http::reach reach;
  /// For https. Null: the system's authorities, no client certificate.
  std::shared_ptr<const tls_settings> tls;
  std::optional<aws_signature> sign;
  /// Takes the body of a 2xx answer piece by piece as it arrives, in place of response::body; limits.body does not
  /// count then. False ends the transfer with `canceled`. It is called in the middle of the client's work and must not
  /// send.
  std::function<bool(std::string_view piece)> on_body = nullptr;
  /// A peer that sends nothing for this long is given up; nothing: as the client's options say. Longer for an answer
  /// that is silent between its events.
  std::optional<std::chrono::seconds> stall_time = std::nullopt;
};

struct response {
  int status = 0;
  http::headers headers;
  /// The raw bytes after transfer decoding; content encoding is never undone.
  std::string body;
  /// True when the connection went to an address outside loopback and private networks. A host that such a peer names
  /// (a token realm, a redirect) must then not be in a private network: go-containerregistry#2291 shows
  /// how a registry gets at a cloud's metadata in that way. False: unknown.
  bool from_public_network = false;
};

}  // namespace pinhook::http
