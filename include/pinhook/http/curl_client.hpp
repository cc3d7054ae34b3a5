// The real HTTP client: libcurl's multi interface on one io_context. Connections are kept and shared; HTTP/2 is used
// where the server offers it.
//
//   asio::io_context io(1);
//   http::curl_client client(io);
//   result<response> r = co_await client.send(std::move(request), deadline::after(now, 5s));
//
// Thread rule: everything on the io_context's one thread. The client must be destroyed before the io_context.
//
// Requests share a connection only when they agree on `reach` and on everything in `tls`, the state of its files
// included: each such pair has a pool of its own (a "lane"), so a connection that a laxer request opened never serves a
// stricter one. The limits of `curl_multi_options` are per lane. Files are checked for each request and read again when
// they were replaced. A lane unused for `transfer.idle_age` is dropped when the next one is made, because certificates
// may rotate. All are made anew after the calendar was set back, for libcurl would keep the addresses of names for so
// much longer.
#pragma once

#include <pinhook/http/address_guard.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/http/curl_multi.hpp>
#include <pinhook/http/curl_transfer.hpp>
#include <pinhook/http/proxy.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace pinhook::http {

struct curl_client_options {
  /// Timeouts of a connection.
  transfer_options transfer;
  curl_multi_options connections;
  /// In place of connections.connections_per_host for plain http, where each request under way has a connection, which
  /// costs no TLS handshake; 0: the same.
  std::size_t plain_connections_per_host = 0;
  /// None by default; `proxy_from_environment()` gives the container's settings.
  proxy_settings proxy;
  /// The operator's rules beyond each request's reach. The proxy's own address is not checked.
  address_rules networks;
  /// False: connects to any address, without regard to `reach` and `networks`. Only for hosts that the operator or the
  /// platform names (the cluster's API server, a cloud's metadata service), never for a host from an image's name.
  bool guards_addresses = true;
  /// Pools of connections kept at once; the one unused for longest is dropped first, and its transfers still end
  /// undisturbed. More are needed only where more registries have certificates of their own.
  std::size_t most_lanes = 64;
  /// The time for which files of certificates that were read are not looked at again.
  std::chrono::nanoseconds recheck = std::chrono::seconds(1);
  /// The time that such a look may take before the previous contents are used once more.
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
};

class curl_client final : public client {
 public:
  explicit curl_client(asio::io_context& io, curl_client_options o = {});
  /// Transfers under way end with `canceled`; their coroutines are resumed by the io_context later.
  ~curl_client() override;

  /// Cancellation of the awaiting coroutine (terminal) aborts the transfer: `canceled`. Further errors: invalid_input
  /// for a header, a signature, a proxy setting or a PEM file that cannot be used. PEM files are read on another thread
  /// (base/side_thread), with its errors for a file that hangs.
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
