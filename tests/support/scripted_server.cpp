#include "support/scripted_server.hpp"

#include <pinhook/base/async.hpp>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace pinhook::testing {
namespace {

using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

recorded_request parse_head(std::string_view head) {
  recorded_request r;
  bool is_first = true;
  while (!head.empty()) {
    const auto end = head.find('\n');
    const std::string_view line = trimmed(head.substr(0, end));
    head = end == std::string_view::npos ? std::string_view() : head.substr(end + 1);
    if (is_first) {
      const auto space = line.find(' ');
      r.method = line.substr(0, space);
      const auto rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
      r.target = rest.substr(0, rest.find(' '));
      is_first = false;
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      r.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
  }
  return r;
}

std::string head_of(const reply& r) {
  std::string out = "HTTP/1.1 " + std::to_string(r.status) + " Scripted\r\n";
  bool has_length = false;
  for (const auto& [name, value] : r.headers) {
    out += name + ": " + value + "\r\n";
    has_length = has_length || same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding");
  }
  if (r.act == behaviour::endless_headers || r.act == behaviour::endless_line) return out;
  if (r.act == behaviour::endless_body) return out + "Transfer-Encoding: chunked\r\n\r\n";
  if (!has_length && r.status != 204 && r.status != 304)
    out += "Content-Length: " + std::to_string(r.claimed_length.value_or(r.body.size())) + "\r\n";
  return out + "\r\n";
}

bool is_open_ended(behaviour b) {
  return b == behaviour::endless_headers || b == behaviour::endless_line || b == behaviour::endless_body;
}

std::string endless_piece(behaviour b) {
  if (b == behaviour::endless_headers) return "X-Filler: 0123456789012345678901234567890123456789\r\n";
  if (b == behaviour::endless_line) return std::string(4096, 'x');
  return "1000\r\n" + std::string(4096, 'x') + "\r\n";
}

tcp::socket& socket_of(tcp::socket& s) { return s; }
tcp::socket& socket_of(tls_stream& s) { return s.next_layer(); }

void reset(tcp::socket& s) {
  boost::system::error_code ignored;
  s.set_option(asio::socket_base::linger(true, 0), ignored);
  s.close(ignored);
}

}  // namespace

std::string recorded_request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string() : target.substr(mark + 1);
}

std::string recorded_request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return {};
}

bool recorded_request::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& h) { return same_name(h.first, name); });
}

struct scripted_server::state {
  explicit state(const key_pair* pair)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), tls(asio::ssl::context::tls_server) {
    if (pair != nullptr) {
      is_tls = true;
      tls.use_certificate_chain(asio::buffer(pair->certificate));
      tls.use_private_key(asio::buffer(pair->key), asio::ssl::context::pem);
#ifdef TLSEXT_comp_cert_zstd
      // OpenSSL 3.2: the certificate goes compressed to clients that take it so (RFC 8879), here by Zstandard alone.
      int algorithms[] = {TLSEXT_comp_cert_zstd};
      SSL_CTX_set1_cert_comp_preference(tls.native_handle(), algorithms, 1);
      SSL_CTX_compress_certs(tls.native_handle(), 0);
#endif
    }
    port = acceptor.local_endpoint().port();
    spawn(accept());
    thread = std::thread([this] { io.run(); });
  }

  void stop() {
    io.stop();
    if (thread.joinable()) thread.join();
  }

  void spawn(awaitable<void> work) {
    asio::co_spawn(io, std::move(work), [](std::exception_ptr) {});
  }

  awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      std::size_t number = 0;
      {
        const std::lock_guard hold(mutex);
        number = ++accepted;
        ++open;
      }
      if (is_tls) {
        spawn(serve_tls(std::move(socket), number));
      } else {
        spawn(serve(std::move(socket), number));
      }
    }
  }

  awaitable<void> serve_tls(tcp::socket socket, std::size_t number) {
    tls_stream stream(std::move(socket), tls);
    const auto token = asio::as_tuple(asio::use_awaitable);
    const std::tuple<boost::system::error_code> shaken =
        co_await stream.async_handshake(asio::ssl::stream_base::server, token);
    if (std::get<0>(shaken)) {
      const std::lock_guard hold(mutex);
      --open;
      co_return;
    }
    co_await serve(std::move(stream), number);
  }

  template <class Stream>
  awaitable<void> serve(Stream stream, std::size_t number) {
    try {
      std::string buffer;
      bool goes_on = true;
      while (goes_on) goes_on = co_await exchange(stream, buffer, number);
    } catch (const std::exception&) {
      // The client went away, as clients do.
    }
    const std::lock_guard hold(mutex);
    --open;
  }

  // Reads one request and answers it; false when the connection is to end.
  template <class Stream>
  awaitable<bool> exchange(Stream& stream, std::string& buffer, std::size_t number) {
    while (buffer.find("\r\n\r\n") == std::string::npos) {
      std::array<char, 4096> piece{};
      const std::size_t size = co_await stream.async_read_some(asio::buffer(piece), asio::use_awaitable);
      buffer.append(piece.data(), size);
      if (buffer.front() != '\x16') continue;
      // A TLS handshake at a plain port: most servers do this.
      const std::string refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
      co_await asio::async_write(stream, asio::buffer(refusal), asio::use_awaitable);
      co_return false;
    }
    const std::size_t head = buffer.find("\r\n\r\n") + 4;
    recorded_request r = parse_head(std::string_view(buffer).substr(0, head));
    r.connection = number;
    buffer.erase(0, head);
    const std::string length = r.header("Content-Length");
    const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
    if (buffer.size() < wanted) {
      const std::size_t missing = wanted - buffer.size();
      co_await asio::async_read(stream, asio::dynamic_buffer(buffer), asio::transfer_exactly(missing),
                                asio::use_awaitable);
    }
    r.body = buffer.substr(0, wanted);
    buffer.erase(0, wanted);
    const reply answer = decide(r);
    const bool goes_on = co_await respond(stream, answer, r.method == "HEAD");
    co_return goes_on;
  }

  template <class Stream>
  awaitable<bool> respond(Stream& stream, const reply& answer, bool is_head) {
    if (answer.act == behaviour::reset) reset(socket_of(stream));
    if (answer.act == behaviour::reset || answer.act == behaviour::close) co_return false;
    if (answer.act == behaviour::garbage) {
      const std::string text = "SSH-2.0-OpenSSH_9.2p1 Debian\r\nthis is not HTTP\r\n\r\n";
      co_await asio::async_write(stream, asio::buffer(text), asio::use_awaitable);
      co_return false;
    }
    if (answer.act == behaviour::hang) co_await released();
    std::string text = head_of(answer);
    if (answer.act == behaviour::cut_head) {
      text.resize(text.size() / 2);
      co_await asio::async_write(stream, asio::buffer(text), asio::use_awaitable);
      co_return false;
    }
    const bool is_cut =
        answer.act == behaviour::stall || answer.act == behaviour::truncate || answer.act == behaviour::reset_in_body;
    const std::string body = is_head || is_open_ended(answer.act) ? std::string() : answer.body;
    const std::size_t first = is_cut ? body.size() / 2 : body.size();
    text += body.substr(0, first);
    co_await asio::async_write(stream, asio::buffer(text), asio::use_awaitable);
    if (answer.act == behaviour::truncate) co_return false;
    if (answer.act == behaviour::reset_in_body) {
      reset(socket_of(stream));
      co_return false;
    }
    if (answer.act == behaviour::stall) {
      co_await released();
      const std::string rest = body.substr(first);
      co_await asio::async_write(stream, asio::buffer(rest), asio::use_awaitable);
    }
    if (is_open_ended(answer.act)) {
      const std::string piece = endless_piece(answer.act);
      for (;;) co_await asio::async_write(stream, asio::buffer(piece), asio::use_awaitable);
    }
    co_return !answer.closes;
  }

  awaitable<void> released() {
    if (is_released) co_return;
    const auto place = waiting.emplace(waiting.end(), io, asio::steady_timer::time_point::max());
    const auto token = asio::as_tuple(asio::use_awaitable);
    co_await place->async_wait(token);
    waiting.erase(place);
  }

  reply decide(const recorded_request& r) {
    handler chosen;
    reply out;
    out.status = 404;
    {
      const std::lock_guard hold(mutex);
      seen.push_back(r);
      arrived.notify_all();
      const auto key = std::make_pair(r.method, r.path());
      if (const auto found = handlers.find(key); found != handlers.end()) {
        chosen = found->second;
      } else if (const auto list = replies.find(key); list != replies.end()) {
        out = list->second.front();
        if (list->second.size() > 1) list->second.erase(list->second.begin());
      } else {
        chosen = fallback;
      }
    }
    return chosen ? chosen(r) : out;
  }

  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::ssl::context tls;
  bool is_tls = false;
  std::uint16_t port = 0;
  // Of the server's thread alone.
  bool is_released = false;
  std::list<asio::steady_timer> waiting;

  mutable std::mutex mutex;
  mutable std::condition_variable arrived;
  std::map<std::pair<std::string, std::string>, handler> handlers;
  std::map<std::pair<std::string, std::string>, std::vector<reply>> replies;
  handler fallback;
  std::vector<recorded_request> seen;
  std::size_t accepted = 0;
  std::size_t open = 0;

  std::thread thread;
};

scripted_server::scripted_server(const key_pair* tls) : state_(std::make_shared<state>(tls)) {}

scripted_server::~scripted_server() { state_->stop(); }

void scripted_server::set(std::string method, std::string path, std::vector<reply> replies) {
  const std::lock_guard hold(state_->mutex);
  auto key = std::make_pair(std::move(method), std::move(path));
  state_->handlers.erase(key);
  state_->replies.insert_or_assign(std::move(key), std::move(replies));
}

void scripted_server::on(std::string method, std::string path, reply r) {
  set(std::move(method), std::move(path), {std::move(r)});
}

void scripted_server::on(std::string method, std::string path, reply first, reply then) {
  set(std::move(method), std::move(path), {std::move(first), std::move(then)});
}

void scripted_server::on(std::string method, std::string path, reply first, reply second, reply then) {
  set(std::move(method), std::move(path), {std::move(first), std::move(second), std::move(then)});
}

void scripted_server::handle(std::string method, std::string path, handler h) {
  const std::lock_guard hold(state_->mutex);
  state_->handlers.insert_or_assign(std::make_pair(std::move(method), std::move(path)), std::move(h));
}

void scripted_server::otherwise(handler h) {
  const std::lock_guard hold(state_->mutex);
  state_->fallback = std::move(h);
}

void scripted_server::release() {
  asio::post(state_->io, [s = state_.get()] {
    s->is_released = true;
    for (auto& timer : s->waiting) timer.cancel();
  });
}

std::uint16_t scripted_server::port() const { return state_->port; }

std::string scripted_server::host() const { return "127.0.0.1:" + std::to_string(port()); }

std::string scripted_server::url(std::string_view path) const {
  return (state_->is_tls ? "https://" : "http://") + host() + std::string(path);
}

std::vector<recorded_request> scripted_server::requests() const {
  const std::lock_guard hold(state_->mutex);
  return state_->seen;
}

std::vector<recorded_request> scripted_server::requests(std::string_view method, std::string_view path) const {
  std::vector<recorded_request> out = requests();
  std::erase_if(out, [&](const auto& r) { return (!method.empty() && r.method != method) || r.path() != path; });
  return out;
}

void scripted_server::forget_requests() {
  const std::lock_guard hold(state_->mutex);
  state_->seen.clear();
}

std::size_t scripted_server::connections() const {
  const std::lock_guard hold(state_->mutex);
  return state_->accepted;
}

std::size_t scripted_server::open_connections() const {
  const std::lock_guard hold(state_->mutex);
  return state_->open;
}

bool scripted_server::wait_for_requests(std::size_t count) const {
  std::unique_lock hold(state_->mutex);
  return state_->arrived.wait_for(hold, std::chrono::seconds(30), [&] { return state_->seen.size() >= count; });
}

refusing_port::refusing_port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // Bound but not listening: no other process gets the port, and connections to it are refused.
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port on loopback");
  port_ = ntohs(address.sin_port);
}

refusing_port::~refusing_port() { ::close(fd_); }

}  // namespace pinhook::testing
