// The real HTTP client: libcurl's multi interface on one io_context. Connections are kept and shared, HTTP/2 is spoken
// where the server offers it.
//
//   asio::io_context io(1);
//   http::curl_client client(io);
//   result<response> r = co_await client.send(std::move(request), deadline::after(now, 5s));
//
// Thread rule: everything on the io_context's one thread. The client must be destroyed before the io_context.
//
// Requests share a connection only when they agree on `reach` and on everything in `tls`, the state of its files
// included: each such pair has a pool of its own (a "lane"), so what a laxer request opened never serves a stricter
// one. The limits of `curl_multi_options` are per lane. Files are looked at for each request and read again when they
// were replaced. A lane that is unused for `transfer.idle_age` goes when the next one is made: certificates may rotate.
#pragma once

#include <pinhook/http/address_guard.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/http/curl_multi.hpp>
#include <pinhook/http/curl_transfer.hpp>
#include <pinhook/http/proxy.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace pinhook::http {

struct curl_client_options {
  /// Timeouts of a connection.
  transfer_options transfer;
  curl_multi_options connections;
  /// In place of connections.connections_per_host for plain http, where each request under way has a connection and one
  /// costs no handshake of TLS; 0: the same.
  std::size_t plain_connections_per_host = 0;
  /// None by default; `proxy_from_environment()` for what the container was started with.
  proxy_settings proxy;
  /// What the operator allows and forbids beyond each request's reach. The proxy's own address is not asked about.
  address_rules networks;
  /// False: connects to any address, whatever `reach` and `networks` say. For what the operator or the platform names
  /// (the cluster's API server, a cloud's metadata service), never for what comes out of an image's name.
  bool guards_addresses = true;
  /// Pools of connections kept at once; the one that was unused for longest goes first. What is under way in a pool
  /// that went ends undisturbed. More only where more registries have certificates of their own.
  std::size_t most_lanes = 64;
};

class curl_client final : public client {
 public:
  explicit curl_client(asio::io_context& io, curl_client_options o = {});
  /// Transfers under way end with `canceled`; their coroutines are resumed by the io_context later.
  ~curl_client() override;

  /// Cancellation of the awaiting coroutine (terminal) aborts the transfer: `canceled`. Further errors: invalid_input
  /// for a header, a signature, a proxy setting or a PEM file that cannot be used.
  awaitable<result<response>> send(request r, deadline d) override;

  /// Transfers under way.
  [[nodiscard]] std::size_t transfers() const;
  /// Pools of connections held.
  [[nodiscard]] std::size_t lanes() const;
  /// Connections opened since the start.
  [[nodiscard]] std::uint64_t opened_connections() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace pinhook::http
