#include "e2e/service_relay.hpp"
#include "support/byte_pump.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::e2e {
namespace {

using asio::ip::tcp;
using outcome = std::tuple<boost::system::error_code>;
using sized_outcome = std::tuple<boost::system::error_code, std::size_t>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct link {
  tcp::socket client, replica;
};

struct target {
  endpoint_ports ports;
  bool is_ready = false;
};

tcp::endpoint loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

}  // namespace

struct service_relay::state {
  explicit state(std::chrono::milliseconds every) : period(every), acceptor(io, loopback(0)) {
    asio::co_spawn(io, accept(), [](const std::exception_ptr&) {});
    asio::co_spawn(io, watch(), [](const std::exception_ptr&) {});
    thread = std::thread([this] { io.run(); });
  }
  ~state() {
    io.stop();
    thread.join();
  }

  awaitable<void> accept() {
    for (;;) {
      tcp::socket client(io);
      const outcome got = co_await acceptor.async_accept(client, as_result);
      if (std::get<0>(got)) co_return;
      ++connections;
      asio::co_spawn(io, serve(std::move(client)), [](const std::exception_ptr&) {});
    }
  }

  // The next ready one in turn; 0: none is.
  std::uint16_t choose() {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto& one = targets[++turn % targets.size()];
      if (one.is_ready) return one.ports.webhook;
    }
    return 0;
  }

  awaitable<void> serve(tcp::socket client) {
    const auto port = choose();
    if (port == 0) co_return;
    const auto both = std::make_shared<link>(std::move(client), tcp::socket(io));
    const auto where = loopback(port);
    const outcome connected = co_await both->replica.async_connect(where, as_result);
    if (std::get<0>(connected)) co_return;
    // Pieces are forwarded at once: no piece waits for the peer to acknowledge the one before.
    boost::system::error_code ignored;
    both->client.set_option(tcp::no_delay(true), ignored);
    both->replica.set_option(tcp::no_delay(true), ignored);
    const auto place = links.emplace(port, both);
    co_await testing::carry_both_ways(both->client, both->replica);
    links.erase(place);
  }

  awaitable<bool> ask(std::uint16_t admin) {
    if (admin == 0) co_return true;
    tcp::socket s(io);
    const auto where = loopback(admin);
    const outcome connected = co_await s.async_connect(where, as_result);
    if (std::get<0>(connected)) co_return false;
    const std::string question = "GET /readyz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
    const auto bytes = asio::buffer(question);
    const sized_outcome sent = co_await asio::async_write(s, bytes, as_result);
    if (std::get<0>(sent)) co_return false;
    std::string answer;
    auto into = asio::dynamic_buffer(answer);
    const sized_outcome got = co_await asio::async_read_until(s, into, "\r\n", as_result);
    co_return !std::get<0>(got) && answer.find(" 200 ") != std::string::npos;
  }

  awaitable<void> watch() {
    asio::steady_timer pause(io);
    for (;;) {
      std::vector<endpoint_ports> all;
      for (const auto& one : targets) all.push_back(one.ports);
      for (const auto& one : all) {
        const bool is_ready = co_await ask(one.admin);
        for (auto& t : targets)
          if (t.ports.webhook == one.webhook) t.is_ready = is_ready;
      }
      count();
      pause.expires_after(period);
      const outcome waited = co_await pause.async_wait(as_result);
      if (std::get<0>(waited)) co_return;
    }
  }

  void remove(std::uint16_t port) {
    std::erase_if(targets, [&](const target& one) { return one.ports.webhook == port; });
    count();
  }

  void count() {
    int n = 0;
    for (const auto& t : targets) n += t.is_ready ? 1 : 0;
    ready = n;
  }

  // Runs it on the relay's thread and waits for it.
  template <class Work>
  void on_thread(Work work) {
    std::promise<void> done;
    asio::post(io, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::chrono::milliseconds period;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  std::vector<target> targets;
  std::multimap<std::uint16_t, std::shared_ptr<link>> links;
  std::size_t turn = 0;
  std::atomic<int> ready = 0;
  std::atomic<int> connections = 0;
  std::thread thread;
};

service_relay::service_relay(std::chrono::milliseconds period) : state_(std::make_unique<state>(period)) {}
service_relay::~service_relay() = default;

std::uint16_t service_relay::port() const { return state_->acceptor.local_endpoint().port(); }

void service_relay::add(endpoint_ports replica) {
  state_->on_thread([&] {
    state_->targets.push_back({replica, replica.admin == 0});
    state_->count();
  });
}

void service_relay::remove(std::uint16_t webhook_port) {
  state_->on_thread([&] { state_->remove(webhook_port); });
}

void service_relay::cut(std::uint16_t webhook_port) {
  state_->on_thread([&] {
    state_->remove(webhook_port);
    const auto [from, to] = state_->links.equal_range(webhook_port);
    for (auto one = from; one != to; ++one) {
      boost::system::error_code ignored;
      one->second->client.shutdown(tcp::socket::shutdown_both, ignored);
      one->second->replica.shutdown(tcp::socket::shutdown_both, ignored);
    }
  });
}

int service_relay::ready() const { return state_->ready; }
int service_relay::connections() const { return state_->connections; }

}  // namespace pinhook::e2e
