// Takes connections and deals them out to the threads in turn, so that the few long-lived connections of API servers
// are spread evenly. When there are as many as there may be, one that waits for a request gives way (connection_order):
// who opens sockets and says nothing keeps nobody out.
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

  /// Begins to accept. When descriptors or memory run out it waits `pause` and goes on.
  void start();

  /// Stops accepting.
  void close();

  /// After `close`: until nothing runs any more.
  awaitable<void> wait();

 private:
  static constexpr std::chrono::milliseconds pause{50};
  /// A thread that does not answer in this time is busy otherwise.
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
  // So that a flood is one line a second in the log.
  steady_time last_complaint_{};
};

}  // namespace pinhook::server
