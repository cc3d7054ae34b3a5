#include <pinhook/server/session.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/server/response_text.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace pinhook::server {
namespace {

// Bodies up to this size are not counted against limits::bodies_in_memory.
constexpr std::size_t small_request = std::size_t{64} * 1024;

}  // namespace

const std::string& thread_state::date(wall_time now) {
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  if (second != date_of_) {
    date_of_ = second;
    date_ = http_date(now);
  }
  return date_;
}

session::session(service& all, thread_state& here, tcp_socket socket)
    : all_(all),
      here_(here),
      place_(here.order.add(this, all.clock.now())),
      socket_(std::move(socket)),
      reader_(all.limits) {
  stream_ = all.tls != nullptr ? make_tls_stream(socket_.native_handle(), *all.tls)
                               : make_plain_stream(socket_.native_handle());
}

session::~session() {
  here_.order.remove(place_);
  all_.bodies_in_memory -= accounted_;
}

void session::give_time(std::chrono::milliseconds span) {
  active_at_ = all_.clock.now();
  time_limit_ = active_at_ + span;
  is_late_ = false;
}

void session::check(steady_time now) {
  if (now < time_limit_) return;
  // Repeated at every sweep, so that a session between two waits ends at its next wait.
  is_late_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void session::evict() {
  if (std::exchange(is_evicted_, true)) return;
  --all_.connections;
  all_.counters.evicted();
  // Removed from the order, so that it is not chosen again.
  here_.order.begin_request(place_);
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void session::drain() {
  if (!is_idle_) return;
  if (!has_served_) return give_time(std::min(all_.limits.first_request_in_drain, all_.limits.request));
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

// False when the time limit has passed. True does not guarantee that the descriptor is ready: the caller tries again.
awaitable<bool> session::wait_until_ready(io_status want) {
  if (is_late_ || is_evicted_) co_return false;
  const auto event = want == io_status::want_write ? tcp_socket::wait_write : tcp_socket::wait_read;
  boost::system::error_code ignored;
  co_await socket_.async_wait(event, asio::redirect_error(asio::use_awaitable, ignored));
  co_return !is_late_ && !is_evicted_;
}

awaitable<void> session::run() {
  if (stream_ == nullptr) {
    if (all_.tls->is_loaded())
      log::error("no TLS for a connection: memory ran out");
    else
      all_.counters.count_handshake_failure(handshake_failure::no_certificate);
    co_return;
  }
  const bool is_open = co_await handshake();
  if (is_open) co_await serve();
  stream_->close();
  if (lingers_) co_await linger();
}

awaitable<bool> session::handshake() {
  give_time(all_.limits.handshake);
  for (;;) {
    const io_result r = stream_->handshake();
    if (r.status == io_status::done) co_return true;
    if (r.status == io_status::closed || r.status == io_status::failed) {
      const bool has_failed = r.status == io_status::failed;
      all_.counters.count_handshake_failure(has_failed ? handshake_failure::protocol : handshake_failure::closed);
      if (has_failed) log::debug("a TLS handshake failed", {{"why", stream_->failure()}});
      co_return false;
    }
    const bool in_time = co_await wait_until_ready(r.status);
    if (!in_time) {
      if (!is_evicted_) all_.counters.count_handshake_failure(handshake_failure::timeout);
      co_return false;
    }
  }
}

awaitable<void> session::serve() {
  // Until its first request a connection has the time limit of a request, so a peer that sends nothing does not stay.
  give_time(all_.limits.request);
  if (here_.is_draining) give_time(std::min(all_.limits.first_request_in_drain, all_.limits.request));
  for (;;) {
    if (buffer_.is_empty()) {
      const bool has_come = co_await wait_for_request();
      if (!has_come) co_return;
    }
    received_ = all_.clock.now();
    here_.order.touch(place_, received_);
    give_time(all_.limits.request);
    const bool goes_on = co_await answer_request();
    if (!goes_on) co_return;
    // Counts from the start of its answer's write.
    here_.order.end_request(place_, active_at_);
    give_time(all_.limits.idle);
  }
}

awaitable<bool> session::wait_for_request() {
  here_.buffers.give_back(std::exchange(buffer_, {}));
  // Go's client repeats a request when a connection that it used before is closed, and gives up when a new one is: in a
  // drain new connections still get the answer to their first request.
  const auto leaves = [&] { return here_.is_draining && has_served_; };
  bool waits = !stream_->has_buffered() && !leaves();
  io_status want = io_status::want_read;
  for (;;) {
    if (waits) {
      is_idle_ = true;
      const bool in_time = co_await wait_until_ready(want);
      is_idle_ = false;
      if (!in_time) co_return false;
    }
    buffer_ = here_.buffers.take();
    const io_result r = stream_->read(buffer_.room(1));
    if (r.status == io_status::done) {
      buffer_.commit(r.bytes);
      co_return true;
    }
    here_.buffers.give_back(std::exchange(buffer_, {}));
    if (r.status == io_status::closed || r.status == io_status::failed || leaves()) co_return false;
    want = r.status;
    waits = true;
  }
}

awaitable<bool> session::answer_request() {
  const reading outcome = co_await read_request();
  if (outcome == reading::gone) co_return false;
  here_.order.begin_request(place_);

  response out;
  if (refusal_) {
    out = to_response(*refusal_);
  } else {
    out = co_await call_handler();
    if (here_.is_stopping) co_return false;
  }
  // The start of the next request is known only when this one is complete.
  lingers_ = outcome == reading::refused;
  const bool closes =
      lingers_ || !reader_.head().keeps_alive || !all_.keeps_connections || here_.is_draining || is_evicted_;
  const bool written = co_await respond(out, closes);
  finish_request();
  co_return written && !closes;
}

awaitable<session::reading> session::read_request() {
  for (;;) {
    std::expected<progress, refusal> step = reader_.advance(buffer_);
    if (!step) {
      refusal_ = std::move(step.error());
      co_return reading::refused;
    }
    if (*step == progress::complete) co_return reading::complete;
    if (*step == progress::head) {
      if (!check_head()) co_return reading::refused;
      if (reader_.head().expects_continue && reader_.head().has_body() && buffer_.is_empty()) {
        const bool written = co_await write(continue_response);
        if (!written) co_return reading::gone;
      }
      continue;
    }
    if (!account(reader_.gathered())) co_return reading::refused;
    const bool has_more = co_await read_more();
    if (has_more) continue;
    if (!is_late_ || is_evicted_) co_return reading::gone;
    refusal_ = refusal{408, fmt::format("the request was not complete after {} ms", all_.limits.request.count()), {}};
    co_return reading::refused;
  }
}

// The certificate of a connection that is kept is checked again when it ends, and when the authorities are others.
void session::know_client() {
  const std::uint64_t version = all_.tls != nullptr ? all_.tls->client_authorities_version() : 0;
  if (client_ && version == client_version_ && (client_until_ == wall_time::max() || all_.clock.wall() < client_until_))
    return;
  const auto found = std::make_shared<client>();
  boost::system::error_code is_gone;
  found->address = socket_.remote_endpoint(is_gone).address();
  client_version_ = version;
  client_until_ = wall_time::max();
  if (const auto by = all_.tls != nullptr ? all_.tls->authorities_of_clients() : nullptr) {
    client_proof proof = stream_->verify_peer(*by, all_.clock.wall());
    found->certificate = proof.state;
    found->names = std::move(proof.names);
    found->fault = std::move(proof.fault);
    client_until_ = proof.until;
  }
  client_ = found;
}

// False: the request is refused, and not all of its body has arrived.
bool session::check_head() {
  const request_head& head = reader_.head();
  const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
  const auto found = find_route(all_.routes, head.method, path, head.content_type);
  if (found) {
    route_ = *found;
    know_client();
    if (all_.gate) refusal_ = all_.gate(*client_);
    if (!refusal_) return account(head.content_length.value_or(0));
  } else {
    refusal_ = found.error();
  }
  return !head.is_chunked && head.content_length.value_or(0) <= buffer_.size();
}

// Accounts for the memory of this request's body; false, with a refusal, when there is none left.
bool session::account(std::size_t bytes) {
  if (bytes <= small_request || bytes <= accounted_) return true;
  const std::size_t added = bytes - accounted_;
  if (all_.bodies_in_memory.fetch_add(added) + added > all_.limits.bodies_in_memory) {
    all_.bodies_in_memory -= added;
    refusal_ = refusal{503, "too many large requests at one time; try again", {}};
    return false;
  }
  accounted_ = bytes;
  return true;
}

awaitable<bool> session::read_more() {
  const std::span<char> room = buffer_.room(reader_.wanted(buffer_));
  for (;;) {
    const io_result r = stream_->read(room);
    if (r.status == io_status::done) {
      buffer_.commit(r.bytes);
      co_return true;
    }
    if (r.status == io_status::closed || r.status == io_status::failed) co_return false;
    const bool in_time = co_await wait_until_ready(r.status);
    if (!in_time) co_return false;
  }
}

awaitable<response> session::call_handler() {
  const request_head& head = reader_.head();
  request received{head.method, head.target, head.content_type, reader_.body(buffer_),
                   received_,   client_,     head.host,         head.authorization};
  // The handler has a deadline of its own; the socket has no time limit meanwhile.
  time_limit_ = steady_time::max();
  response out;
  try {
    awaitable<response> work = all_.handlers[route_->handler](std::move(received));
    out = co_await std::move(work);
    co_return out;
  } catch (const std::exception& e) {
    if (!here_.is_stopping) log::error("a handler threw", {{"path", route_->path}, {"what", e.what()}});
  }
  out = to_response({500, "an internal error; the server's log says more", {}});
  co_return out;
}

awaitable<bool> session::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const io_result r = stream_->write(bytes);
    if (r.status == io_status::done) {
      bytes.remove_prefix(r.bytes);
      continue;
    }
    if (r.status == io_status::closed || r.status == io_status::failed) co_return false;
    const bool in_time = co_await wait_until_ready(r.status);
    if (!in_time) co_return false;
  }
  co_return true;
}

awaitable<bool> session::respond(const response& r, bool closes) {
  std::string text;
  append_response(
      text, r,
      {.closes = closes, .without_body = reader_.head().method == "HEAD", .date = here_.date(all_.clock.wall())});
  give_time(all_.limits.write);
  const bool written = co_await write(text);
  if (written) all_.counters.count_response(r.status);
  co_return written;
}

void session::finish_request() {
  has_served_ = true;
  reader_.next(buffer_);
  all_.bodies_in_memory -= std::exchange(accounted_, 0);
  refusal_.reset();
  route_ = nullptr;
}

// Closing with unread bytes resets the connection, and the peer may lose the response that it has not read yet. So the
// end is announced, and received bytes are dropped until the peer closes, too.
awaitable<void> session::linger() {
  boost::system::error_code ec;
  socket_.shutdown(tcp_socket::shutdown_send, ec);
  give_time(all_.limits.linger);
  std::array<char, 16384> dropped;
  for (;;) {
    const std::size_t n = socket_.read_some(asio::buffer(dropped), ec);
    if (n != 0) continue;
    if (ec != asio::error::would_block) co_return;
    const bool in_time = co_await wait_until_ready(io_status::want_read);
    if (!in_time) co_return;
  }
}

}  // namespace pinhook::server
