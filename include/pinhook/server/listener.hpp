// Accepts connections and gives them to the threads in turn, so that the few long-lived connections of API servers are
// spread evenly. At the limit a connection that waits for a request is closed for the new one (connection_order), so a
// peer that opens sockets and sends nothing keeps no other out.
//
// Thread rule: the control thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/server/service.hpp>
#include <pinhook/server/shard.hpp>
#include <pinhook/server/task_group.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::server {

class listener {
 public:
  /// Everything outlives the listener; `shards` is not empty.
  listener(asio::io_context& control, service& all, std::vector<shard*> shards);

  /// Binds and listens. "[::]" takes IPv4 too. unavailable: the address is taken or not ours.
  result<void> open(std::string_view address);

  /// The bound port.
  [[nodiscard]] std::uint16_t port() const;

  /// Begins to accept. When descriptors or memory run out, it waits for `pause` and continues.
  void start();

  /// Stops accepting.
  void close();

  /// After `close`: completes when nothing runs any more.
  awaitable<void> wait();

 private:
  static constexpr std::chrono::milliseconds pause{50};
  /// The time after which a thread that does not answer counts as busy.
  static constexpr std::chrono::seconds patience{1};

  awaitable<void> accept();
  void deal(tcp_socket socket, shard& to);
  bool is_full() const { return all_.connections.load() >= all_.limits.connections; }
  awaitable<bool> make_room();
  void complain(std::string_view text);

  asio::io_context& control_;
  service& all_;
  std::vector<shard*> shards_;
  asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor_;
  task_group tasks_;
  std::size_t turn_ = 0;
  // Limits a flood to one line a second in the log.
  steady_time last_complaint_{};
};

}  // namespace pinhook::server
