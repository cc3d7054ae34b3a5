// libcurl's multi handle joined to one io_context: curl names the descriptors and the time that it waits for, Asio
// waits, and then calls curl (curl_multi_socket_action). One multi is one pool of connections.
//
// Thread rule: everything on the io_context's one thread.
//
// Invariants:
// - A descriptor is known to Asio only between curl's first interest in it and curl's CURL_POLL_REMOVE; this class
// releases it, never closes it, and always before curl closes it.
// - curl is entered from handlers of the io_context and from add/remove only; never from one of its own callbacks.
// - `finished` only wakes a waiter (a timer, a post): it must not enter the multi or destroy it.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace pinhook::http {

struct curl_multi_options {
  /// Connections open at once; further transfers wait. Keeps the process from running out of descriptors.
  std::size_t connections = 256;
  /// The same for one host. HTTP/1.1 needs one for each request under way; HTTP/2 needs one, until its streams are all
  /// in use: then curl opens more, up to this.
  std::size_t connections_per_host = 32;
  /// Connections kept open while unused; the oldest is closed first.
  std::size_t idle_connections = 64;
  /// Requests at once on one HTTP/2 connection; the server's own limit applies as well.
  std::size_t streams_per_connection = 100;
};

class curl_multi {
 public:
  /// The multi calls this when curl is done with an easy handle, after it has removed the handle from the multi.
  class transfer {
   public:
    virtual ~transfer() = default;
    virtual void finished(CURLcode code) = 0;
  };

  curl_multi(asio::io_context& io, const curl_multi_options& o);
  /// Every easy handle must have been removed. Closes all connections.
  ~curl_multi();
  curl_multi(const curl_multi&) = delete;
  curl_multi& operator=(const curl_multi&) = delete;

  /// Starts `easy`; `owner` must live as long as it is in the multi. Sets CURLOPT_PRIVATE and the function that closes
  /// sockets, so that connections may outlive the transfer that opened them.
  void add(CURL* easy, transfer& owner);
  /// Takes `easy` out, finished or not; `finished` is not called after that.
  void remove(CURL* easy);

  /// For CURLOPT_OPENSOCKETFUNCTION: opens a socket for curl and counts it. CURL_SOCKET_BAD when the system refuses.
  curl_socket_t open_socket(const curl_sockaddr& address);

  [[nodiscard]] asio::io_context& context() const { return io_; }
  [[nodiscard]] std::uint64_t opened_sockets() const { return opened_; }

 private:
  struct watch;

  static int on_socket(CURL* easy, curl_socket_t fd, int interest, void* self, void* watch);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  static int on_close(void* self, curl_socket_t fd);

  void arm(const std::shared_ptr<watch>& w);
  void wait(const std::shared_ptr<watch>& w, bool for_reading);
  void forget(curl_socket_t fd);
  void act(curl_socket_t fd, int events);
  void collect_finished();

  asio::io_context& io_;
  asio::steady_timer timer_;
  CURLM* multi_;
  std::unordered_map<curl_socket_t, std::shared_ptr<watch>> watches_;
  std::uint64_t opened_ = 0;
  // Handlers that outlive the multi hold a weak pointer to this and find it gone.
  std::shared_ptr<curl_multi*> alive_;
};

}  // namespace pinhook::http
