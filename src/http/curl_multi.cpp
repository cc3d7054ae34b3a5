#include <pinhook/http/curl_multi.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pinhook::http {
namespace {

void initialise_curl() {
  // Thread-safe in this form, and done once for the process: libcurl(3) "GLOBAL CONSTANTS".
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl does not start");
}

}  // namespace

// One descriptor that curl is interested in.
struct curl_multi::watch {
  watch(curl_multi& multi, curl_socket_t fd) : owner(&multi), descriptor(multi.io_, fd) {}

  curl_multi* owner;  // null once curl has lost interest
  asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool is_reading = false;  // an async_wait is under way
  bool is_writing = false;
};

curl_multi::curl_multi(asio::io_context& io, const curl_multi_options& o)
    : io_(io), timer_(io), multi_(nullptr), alive_(std::make_shared<curl_multi*>(this)) {
  initialise_curl();
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &curl_multi::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &curl_multi::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(o.connections));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(o.connections_per_host));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(o.idle_connections));
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(o.streams_per_connection));
}

curl_multi::~curl_multi() {
  curl_multi_cleanup(multi_);
  while (!watches_.empty()) forget(watches_.begin()->first);
}

void curl_multi::add(CURL* easy, transfer& owner) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &owner);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &curl_multi::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) throw std::bad_alloc();
}

void curl_multi::remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

curl_socket_t curl_multi::open_socket(const curl_sockaddr& address) {
  const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  // curl closes a connection attempt that lost its race without a callback; its number may come back here.
  forget(fd);
  ++opened_;
  return fd;
}

int curl_multi::on_close(void* self, curl_socket_t fd) {
  auto& multi = *static_cast<curl_multi*>(self);
  multi.forget(fd);
  return ::close(fd);
}

int curl_multi::on_socket(CURL*, curl_socket_t fd, int interest, void* self, void*) {
  auto& multi = *static_cast<curl_multi*>(self);
  if (interest == CURL_POLL_REMOVE) {
    multi.forget(fd);
    return 0;
  }
  auto& w = multi.watches_[fd];
  if (!w) w = std::make_shared<watch>(multi, fd);
  w->wants_read = (interest & CURL_POLL_IN) != 0;
  w->wants_write = (interest & CURL_POLL_OUT) != 0;
  multi.arm(w);
  return 0;
}

// Only sets a timer, because entering curl from here would be a recursion.
int curl_multi::on_timer(CURLM*, long milliseconds, void* self) {
  auto& multi = *static_cast<curl_multi*>(self);
  if (milliseconds < 0) {
    multi.timer_.cancel();
    return 0;
  }
  multi.timer_.expires_after(std::chrono::milliseconds(milliseconds));
  multi.timer_.async_wait([alive = std::weak_ptr(multi.alive_)](boost::system::error_code ec) {
    if (ec) return;
    if (const auto still = alive.lock()) (*still)->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void curl_multi::arm(const std::shared_ptr<watch>& w) {
  if (w->wants_read && !w->is_reading) wait(w, true);
  if (w->wants_write && !w->is_writing) wait(w, false);
}

void curl_multi::wait(const std::shared_ptr<watch>& w, bool for_reading) {
  (for_reading ? w->is_reading : w->is_writing) = true;
  const auto direction =
      for_reading ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
  w->descriptor.async_wait(direction, [w, for_reading](boost::system::error_code ec) {
    (for_reading ? w->is_reading : w->is_writing) = false;
    if (w->owner == nullptr) return;
    const bool is_wanted = for_reading ? w->wants_read : w->wants_write;
    if (!is_wanted) return;
    const int events = ec ? CURL_CSELECT_ERR : for_reading ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
    w->owner->act(w->descriptor.native_handle(), events);
    if (w->owner != nullptr) w->owner->arm(w);
  });
}

void curl_multi::forget(curl_socket_t fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  found->second->owner = nullptr;
  found->second->descriptor.release();
  watches_.erase(found);
}

void curl_multi::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  collect_finished();
}

void curl_multi::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;  // the message dies with the removal
    transfer* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    curl_multi_remove_handle(multi_, easy);
    owner->finished(code);
  }
}

}  // namespace pinhook::http
