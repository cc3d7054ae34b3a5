#include "support/byte_pump.hpp"
#include "support/forward_proxy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <openssl/evp.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

namespace pinhook::testing {
namespace {

using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

recorded_request read_head(const std::string& head) {
  recorded_request out;
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  std::istringstream(line) >> out.method >> out.target;
  while (std::getline(lines, line)) {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    const auto colon = line.find(": ");
    if (colon != std::string::npos) out.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return out;
}

// "http://one.example/a" → "one.example:80".
std::string authority_of(const recorded_request& r) {
  if (r.method == "CONNECT") return r.target;
  const auto from = r.target.find("://") + 3;
  const std::string host = r.target.substr(from, r.target.find('/', from) - from);
  const auto bracket = host.find(']');
  return host.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos ? host + ":80" : host;
}

// As the origin gets it: no URL but a path, nothing that was meant for the proxy, and one request a connection.
std::string origin_head(const recorded_request& r) {
  const auto path = r.target.find('/', r.target.find("://") + 3);
  std::string out = r.method + " " + (path == std::string::npos ? "/" : r.target.substr(path)) + " HTTP/1.1\r\n";
  for (const auto& [name, value] : r.headers)
    if (!name.starts_with("Proxy-")) out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

std::string refusal(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " Refused\r\n" +
         (status == 407 ? "Proxy-Authenticate: Basic realm=\"proxy\"\r\n" : "") +
         "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

std::string base64_of(const std::string& text) {
  std::vector<unsigned char> out(text.size() / 3 * 4 + 5);
  const int size =
      EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  return {out.begin(), out.begin() + size};
}

tcp::endpoint loopback_endpoint(const std::string& host) {
  return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(host.substr(host.rfind(':') + 1)))};
}

}  // namespace

struct forward_proxy::state {
  explicit state(forward_proxy_options o)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), tls(asio::ssl::context::tls_server) {
    if (o.tls != nullptr) {
      is_tls = true;
      tls.use_certificate_chain(asio::buffer(o.tls->certificate));
      tls.use_private_key(asio::buffer(o.tls->key), asio::ssl::context::pem);
    }
    if (!o.user.empty()) wanted = "Basic " + base64_of(o.user + ":" + o.password);
    port = acceptor.local_endpoint().port();
    spawn(accept());
    thread = std::thread([this] { io.run(); });
  }

  ~state() {
    io.stop();
    thread.join();
  }

  void spawn(awaitable<void> work) {
    asio::co_spawn(io, std::move(work), [](const std::exception_ptr&) {});
  }

  awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      {
        const std::lock_guard hold(mutex);
        ++accepted;
      }
      if (is_tls) {
        spawn(serve_tls(std::move(socket)));
      } else {
        spawn(serve(std::move(socket)));
      }
    }
  }

  awaitable<void> serve_tls(tcp::socket socket) {
    tls_stream stream(std::move(socket), tls);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    co_await serve(std::move(stream));
  }

  template <class Stream>
  awaitable<void> serve(Stream client) {
    std::string buffer;
    const std::size_t head =
        co_await asio::async_read_until(client, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
    const recorded_request r = read_head(buffer.substr(0, head));
    buffer.erase(0, head);
    const auto [status, to] = decide(r);
    if (status < 0) co_await silence();
    tcp::socket origin(io);
    int answer = status;
    if (answer == 0) {
      const tcp::endpoint place = loopback_endpoint(to);
      const std::tuple<boost::system::error_code> connected = co_await origin.async_connect(place, as_result);
      if (std::get<0>(connected)) answer = 502;
    }
    if (answer != 0) {
      const std::string text = refusal(answer);
      co_await asio::async_write(client, asio::buffer(text), asio::use_awaitable);
      co_return;
    }
    if (r.method == "CONNECT") {
      const std::string text = "HTTP/1.1 200 Connection established\r\n\r\n";
      co_await asio::async_write(client, asio::buffer(text), asio::use_awaitable);
    } else {
      const std::string text = origin_head(r) + buffer;
      co_await asio::async_write(origin, asio::buffer(text), asio::use_awaitable);
    }
    co_await carry_both_ways(client, origin);
  }

  awaitable<void> silence() {
    asio::steady_timer forever(io, asio::steady_timer::time_point::max());
    co_await forever.async_wait(asio::use_awaitable);
  }

  // The status to refuse with (0: none, -1: never answer) and where the request goes.
  std::pair<int, std::string> decide(const recorded_request& r) {
    const std::lock_guard hold(mutex);
    seen.push_back(r);
    arrived.notify_all();
    if (hangs) return {-1, ""};
    if (refuses != 0) return {refuses, ""};
    if (!wanted.empty() && r.header("Proxy-Authorization") != wanted) return {407, ""};
    const auto found = routes.find(authority_of(r));
    if (found == routes.end()) return {502, ""};
    return {0, found->second};
  }

  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::ssl::context tls;
  bool is_tls = false;
  std::uint16_t port = 0;
  std::string wanted;

  mutable std::mutex mutex;
  mutable std::condition_variable arrived;
  std::map<std::string, std::string> routes;
  std::vector<recorded_request> seen;
  std::size_t accepted = 0;
  int refuses = 0;
  bool hangs = false;

  std::thread thread;
};

forward_proxy::forward_proxy(forward_proxy_options o) : state_(std::make_unique<state>(std::move(o))) {}
forward_proxy::~forward_proxy() = default;

void forward_proxy::route(std::string authority, std::string to) {
  const std::lock_guard hold(state_->mutex);
  state_->routes.insert_or_assign(std::move(authority), std::move(to));
}

void forward_proxy::refuse(int status) {
  const std::lock_guard hold(state_->mutex);
  state_->refuses = status;
}

void forward_proxy::hang() {
  const std::lock_guard hold(state_->mutex);
  state_->hangs = true;
}

std::uint16_t forward_proxy::port() const { return state_->port; }

std::string forward_proxy::host() const { return "127.0.0.1:" + std::to_string(port()); }

std::string forward_proxy::url(const std::string& user_info) const {
  return (state_->is_tls ? "https://" : "http://") + (user_info.empty() ? "" : user_info + "@") + host();
}

std::vector<recorded_request> forward_proxy::requests() const {
  const std::lock_guard hold(state_->mutex);
  return state_->seen;
}

std::size_t forward_proxy::connections() const {
  const std::lock_guard hold(state_->mutex);
  return state_->accepted;
}

bool forward_proxy::wait_for_requests(std::size_t count) const {
  std::unique_lock hold(state_->mutex);
  return state_->arrived.wait_for(hold, std::chrono::seconds(30), [&] { return state_->seen.size() >= count; });
}

bool has_ipv6_loopback() {
  asio::io_context io(1);
  boost::system::error_code none;
  tcp::acceptor probe(io);
  probe.open(tcp::v6(), none);
  if (!none) probe.bind(tcp::endpoint(asio::ip::address_v6::loopback(), 0), none);
  return !none;
}

struct ipv6_relay::state {
  explicit state(std::uint16_t target)
      : to(target),
        acceptor(io, tcp::endpoint(asio::ip::address_v6::loopback(), 0)),
        port(acceptor.local_endpoint().port()) {
    asio::co_spawn(io, accept(), [](const std::exception_ptr&) {});
    thread = std::thread([this] { io.run(); });
  }
  ~state() {
    io.stop();
    thread.join();
  }

  awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      asio::co_spawn(io, relay(std::move(socket)), [](const std::exception_ptr&) {});
    }
  }

  awaitable<void> relay(tcp::socket client) {
    tcp::socket origin(io);
    const tcp::endpoint place(asio::ip::address_v4::loopback(), to);
    co_await origin.async_connect(place, asio::use_awaitable);
    co_await carry_both_ways(client, origin);
  }

  std::uint16_t to;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  std::uint16_t port;
  std::thread thread;
};

ipv6_relay::ipv6_relay(std::uint16_t to) : state_(std::make_unique<state>(to)) {}
ipv6_relay::~ipv6_relay() = default;
std::uint16_t ipv6_relay::port() const { return state_->port; }

}  // namespace pinhook::testing
