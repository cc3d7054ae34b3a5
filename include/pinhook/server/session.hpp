// One connection: the handshake, then requests until either side closes.
//
// The route, the method and the media type are checked before a body is read. A response leaves in one write. A
// session that waits for a request holds no buffer. The time limit in force is one point in time that `check` compares,
// so a request costs no timer.
//
// Thread rule: the thread of its io_context.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/server/byte_buffer.hpp>
#include <pinhook/server/connection_order.hpp>
#include <pinhook/server/request_reader.hpp>
#include <pinhook/server/service.hpp>
#include <pinhook/server/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::server {

/// The state that the sessions of one thread share.
struct thread_state {
  buffer_pool buffers;
  /// Contains every session.
  connection_order order;
  bool is_draining = false;
  /// True after the drain's limit: the remaining sessions end without an answer.
  bool is_stopping = false;

  /// The Date header for `now`; rendered once a second.
  const std::string& date(wall_time now);

 private:
  std::time_t date_of_ = -1;
  std::string date_;
};

class session {
 public:
  /// `all` and `here` outlive the session. The socket is of this thread's io_context.
  session(service& all, thread_state& here, tcp_socket socket);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  /// Completes when the connection is closed.
  awaitable<void> run();

  /// Ends the session's wait when its time limit has passed.
  void check(steady_time now);

  /// Ends the session at its next wait, without an answer, since another connection takes its place. Only while it has
  /// no request under way (connection_order). It no longer counts in service::connections.
  void evict();
  [[nodiscard]] bool is_evicted() const { return is_evicted_; }

  /// Wakes a session that waits for a request. Without one it closes; before its first request not at once
  /// (limits::first_request_in_drain).
  void drain();

 private:
  enum class reading : std::uint8_t { complete, refused, gone };

  awaitable<bool> handshake();
  awaitable<void> serve();
  awaitable<bool> wait_for_request();
  awaitable<bool> answer_request();
  awaitable<reading> read_request();
  awaitable<bool> read_more();
  awaitable<response> call_handler();
  awaitable<bool> write(std::string_view bytes);
  awaitable<bool> respond(const response& r, bool closes);
  awaitable<void> linger();
  awaitable<bool> wait_until_ready(io_status want);

  bool check_head();
  void know_client();
  bool account(std::size_t bytes);
  void finish_request();
  void give_time(std::chrono::milliseconds span);

  service& all_;
  thread_state& here_;
  connection_order::place place_;
  tcp_socket socket_;
  std::unique_ptr<stream> stream_;
  request_reader reader_;
  byte_buffer buffer_;
  // The client, and until when its certificate is known to count, or not to.
  std::shared_ptr<const client> client_;
  std::uint64_t client_version_ = 0;
  wall_time client_until_ = wall_time::max();
  // State of the current request.
  const route* route_ = nullptr;
  std::optional<refusal> refusal_;
  steady_time received_{};
  std::size_t accounted_ = 0;

  // The time at which the limit was last set.
  steady_time active_at_{};
  steady_time time_limit_ = steady_time::max();
  bool is_late_ = false;
  bool is_evicted_ = false;
  bool is_idle_ = false;
  bool has_served_ = false;
  bool lingers_ = false;
};

}  // namespace pinhook::server
