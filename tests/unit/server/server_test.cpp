// The whole server: start, load, exchange of certificates, drain.
#include <pinhook/server/server.hpp>

#include "running_server.hpp"
#include "support/certificates.hpp"
#include "support/https_client.hpp"

#include <pinhook/base/log.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using testing::get;
using ::testing::HasSubstr;
using testing::https_client;
using testing::post;
using testing::running_server;
using testing::running_server_options;

TEST(Server, DealsConnectionsOutInTurn) {
  running_server s({.workers = 3});
  std::map<std::string, int> served;
  std::vector<https_client> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(s.connect());
    const auto r = clients.back().ask(get("/thread"));
    ASSERT_TRUE(r);
    ++served[r->body];
  }
  ASSERT_EQ(served.size(), 3U);
  for (const auto& [thread, count] : served) EXPECT_EQ(count, 3) << thread;
}

bool has_ipv6_loopback() {
  asio::io_context io(1);
  asio::ip::tcp::acceptor probe(io);
  boost::system::error_code ec;
  probe.open(asio::ip::tcp::v6(), ec);
  if (!ec) probe.bind({asio::ip::address_v6::loopback(), 0}, ec);
  return !ec;
}

TEST(Server, ListensOnIpv6AndIpv4Together) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "this machine has no IPv6 loopback address";
  running_server_options o;
  o.server.listen = "[::]:0";
  running_server s(o);
  EXPECT_EQ(s.connect({.ipv6 = true}).ask(post("/echo", "six"))->body, "six");
  EXPECT_EQ(s.connect().ask(post("/echo", "four"))->body, "four");
}

TEST(Server, SaysWhyItCannotStart) {
  running_server taken;
  asio::io_context io(1);
  metrics numbers;
  server on_taken_port(io, {&io}, {.listen = fmt::format("127.0.0.1:{}", taken.port())}, {}, numbers);
  const auto refused = on_taken_port.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("Address already in use"));
  server bad_address(io, {&io}, {.listen = "everywhere"}, {}, numbers);
  EXPECT_EQ(bad_address.start().error().code, error_code::invalid_input);
}

TEST(Server, ServesManyAtOnce) {
  running_server s({.workers = 2});
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&s, &good, t] {
      std::vector<https_client> clients;
      for (int i = 0; i < 16; ++i) clients.push_back(s.connect());
      for (int round = 0; round < 5; ++round) {
        const std::string body(static_cast<std::size_t>(1000 * (t + 1) * (round + 1)), 'x');
        for (auto& c : clients) c.send(post("/echo", body));
        for (auto& c : clients) {
          const auto r = c.receive();
          if (r && r->body == body) ++good;
        }
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 4 * 16 * 5);
  running_server::wait_until([&] { return s.connections() == 0; });
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_connections_total{listener=\"webhook\"} 64\n"));
}

struct ServerAtItsLimit : ::testing::Test {
  static running_server_options with(std::size_t connections, std::size_t workers = 1) {
    running_server_options o;
    o.server.limits.connections = connections;
    o.workers = workers;
    return o;
  }
  // Connected one after the other, a second between them.
  static https_client connect(running_server& s, bool asks) {
    s.time.advance(1s);
    https_client out = s.connect({.shakes_hands = asks});
    if (asks)
      EXPECT_TRUE(out.ask(post("/echo", "x")));
    else
      running_server::wait_until([&, was = s.connections()] { return was != 0; });
    return out;
  }
  static bool serves(https_client& c) { return c.ask(post("/echo", "x")).has_value(); }
};

// A peer that opens sockets and sends nothing keeps no other out.
TEST_F(ServerAtItsLimit, TheOldestThatNeverAskedGoesFirst) {
  for (const std::size_t workers : {1, 2}) {
    running_server s(with(3, workers));
    auto used = connect(s, true);
    auto oldest = connect(s, false);
    running_server::wait_until([&] { return s.connections() == 2; });
    auto younger = connect(s, false);
    running_server::wait_until([&] { return s.connections() == 3; });
    auto fresh = connect(s, true);
    EXPECT_TRUE(oldest.is_closed_by_peer());
    EXPECT_EQ(s.connections(), 3U);
    auto another = connect(s, true);
    EXPECT_TRUE(younger.is_closed_by_peer());
    EXPECT_TRUE(serves(used) && serves(fresh) && serves(another));
    EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_connections_evicted_total{listener=\"webhook\"} 2\n"));
    EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_connections_rejected_total{listener=\"webhook\"} 0\n"));
  }
}

TEST_F(ServerAtItsLimit, ThenTheOneThatIsIdleLongest) {
  for (const std::size_t workers : {1, 2}) {
    running_server s(with(3, workers));
    auto first = connect(s, true);
    auto second = connect(s, true);
    auto third = connect(s, true);
    s.time.advance(1s);
    ASSERT_TRUE(serves(first));
    auto fresh = connect(s, true);
    EXPECT_TRUE(second.is_closed_by_peer());
    EXPECT_TRUE(serves(third) && serves(first) && serves(fresh));
  }
}

// A thousand silent sockets are opened one after the other, and an API server connects in between.
TEST_F(ServerAtItsLimit, AFloodOfSilentSocketsLetsNewOnesIn) {
  running_server s(with(8, 2));
  std::vector<https_client> flood;
  for (int i = 0; i < 200; ++i) {
    flood.push_back(s.connect({.shakes_hands = false}));
    if (i % 20 != 19) continue;
    auto one = s.connect();
    EXPECT_TRUE(serves(one)) << i;
  }
  running_server::wait_until([&] { return s.connections() <= 8; });
}

// 10,000 sockets, some of them with half a handshake; no more than the limit are held at any time.
TEST_F(ServerAtItsLimit, TenThousandConnectionsTakeNoMoreThanTheLimit) {
  constexpr int all = 10'000;
  constexpr std::size_t limit = 64;
  running_server s(with(limit, 2));
  std::deque<https_client> open;
  for (int i = 0; i < all; ++i) {
    open.push_back(s.connect({.shakes_hands = false}));
    if (i % 3 == 0) open.back().send_raw(std::string("\x16\x03\x01", 3));
    // The client's descriptors are not the subject.
    if (open.size() > 4 * limit) open.pop_front();
    if (i % 500 != 499) continue;
    auto one = s.connect();
    EXPECT_TRUE(serves(one)) << i;
    EXPECT_LE(s.connections(), limit + 1) << i;
  }
}

TEST_F(ServerAtItsLimit, RequestsUnderWayAreNotDisturbed) {
  running_server s(with(2));
  auto one = s.connect();
  auto two = s.connect();
  ASSERT_TRUE(one.send(post("/gate", "1")));
  ASSERT_TRUE(two.send(post("/gate", "2")));
  s.wait_for_gate(2);
  EXPECT_FALSE(s.connect().is_open());
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_connections_rejected_total{listener=\"webhook\"} 1\n"));
  s.open_gate();
  EXPECT_EQ(one.receive()->status, 200U);
  EXPECT_EQ(two.receive()->status, 200U);
}

// A head without its end, or a body that arrives byte by byte, does not count as a request.
TEST_F(ServerAtItsLimit, HalfARequestDoesNotCount) {
  running_server s(with(1));
  auto half = s.connect();
  const std::string request = post("/echo", "some body");
  ASSERT_TRUE(half.send(request.substr(0, request.size() - 2)));
  s.time.advance(1s);
  auto fresh = s.connect();
  EXPECT_TRUE(serves(fresh));
  EXPECT_TRUE(half.is_closed_by_peer());
}

TEST(Server, GoesOnWhenDescriptorsWereUsedUp) {
  static std::mutex mutex;
  static std::string logged;
  log::redirect([](std::string_view line) {
    const std::lock_guard lock(mutex);
    logged += line;
  });
  {
    running_server s;
    auto before = s.connect();
    ASSERT_TRUE(before.ask(post("/echo", "x")));
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    // The client's socket is the last that fits.
    auto client = s.connect({.shakes_hands = false});
    running_server::wait_until([&] { return s.connections() == 2; });
    const int next = dup(0);
    ASSERT_GE(next, 0);
    rlimit tight = old;
    tight.rlim_cur = static_cast<rlim_t>(next) + 1;
    close(next);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    auto waiting = s.connect({.shakes_hands = false});
    running_server::wait_until([] {
      const std::lock_guard lock(mutex);
      return logged.find("cannot accept connections") != std::string::npos;
    });
    EXPECT_TRUE(before.ask(post("/echo", "x"))) << "open connections are served";
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    ASSERT_TRUE(waiting.handshake());
    EXPECT_EQ(waiting.ask(post("/echo", "x"))->status, 200U);
  }
  log::redirect(nullptr);
}

class ServerCertificate : public ::testing::Test {
 protected:
  void use(running_server& s, const std::string& name) {
    const auto leaf = authority.issue({.common_name = name});
    const auto used = s.tls.set_pair(leaf.certificate, secret(leaf.key));
    ASSERT_TRUE(used) << used.error().message;
  }

  testing::certificate_authority authority;
};

TEST_F(ServerCertificate, ChangesWithoutDroppingConnections) {
  running_server s;
  use(s, "first");
  auto old = s.connect();
  EXPECT_EQ(old.peer_name(), "first");
  ASSERT_TRUE(old.ask(post("/echo", "x")));
  use(s, "second");
  EXPECT_EQ(s.connect().peer_name(), "second");
  EXPECT_EQ(old.ask(post("/echo", "goes on"))->body, "goes on");
}

TEST_F(ServerCertificate, MayComeAfterTheStart) {
  running_server_options o;
  o.certificate = false;
  running_server s(o);
  EXPECT_FALSE(s.connect().is_open());
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_tls_handshake_failures_total{reason=\"no_certificate\"} 1"));
  use(s, "first");
  EXPECT_EQ(s.connect().peer_name(), "first");
}

TEST(ServerDrain, LeavingServesOnAndSendsItsClientsAway) {
  running_server s({.workers = 2});
  auto old = s.connect();
  const auto before = old.ask(post("/echo", "x"));
  ASSERT_TRUE(before);
  EXPECT_EQ(before->header("connection"), "");
  auto idle = s.connect();
  ASSERT_TRUE(idle.ask(post("/echo", "x")));

  s.begin_leaving();
  const auto last = old.ask(post("/echo", "y"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->status, 200U);
  EXPECT_EQ(last->header("connection"), "close");
  EXPECT_TRUE(old.is_closed_by_peer());
  auto fresh = s.connect();
  const auto only = fresh.ask(post("/echo", "z"));
  ASSERT_TRUE(only);
  EXPECT_EQ(only->header("connection"), "close");
  running_server::wait_until([&] { return s.connections() == 1; });

  s.begin_drain();
  EXPECT_TRUE(idle.is_closed_by_peer());
}

TEST(ServerDrain, AnswersWhatIsUnderWayAndCloses) {
  running_server s({.workers = 2});
  auto idle = s.connect();
  ASSERT_TRUE(idle.ask(post("/echo", "x")));
  auto in_handler = s.connect();
  ASSERT_TRUE(in_handler.send(post("/gate", "x")));
  auto half_sent = s.connect();
  const std::string request = post("/echo", "whole");
  ASSERT_TRUE(half_sent.send(request.substr(0, 30)));
  s.wait_for_gate(1);
  running_server::wait_until([&] { return s.connections() == 3; });

  s.begin_drain();
  EXPECT_TRUE(idle.is_closed_by_peer());
  EXPECT_FALSE(s.connect().is_open());
  ASSERT_TRUE(half_sent.send(request.substr(30)));
  const auto whole = half_sent.receive();
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body, "whole");
  EXPECT_EQ(whole->header("connection"), "close");
  EXPECT_TRUE(half_sent.is_closed_by_peer());

  auto stopped = s.stop(1h);
  EXPECT_EQ(stopped.wait_for(20ms), std::future_status::timeout) << "one is still under way";
  s.open_gate();
  const auto through = in_handler.receive();
  ASSERT_TRUE(through);
  EXPECT_EQ(through->body, "through");
  EXPECT_EQ(through->header("connection"), "close");
  stopped.get();
  EXPECT_EQ(s.connections(), 0U);
}

TEST(ServerDrain, RequestThatRacesWithTheDrainIsAnsweredOrNeverTaken) {
  for (int i = 0; i < 20; ++i) {
    running_server s;
    auto c = s.connect();
    ASSERT_TRUE(c.ask(post("/echo", "x")));
    ASSERT_TRUE(c.send(post("/echo", "y")));
    s.begin_drain();
    const auto r = c.receive();
    ASSERT_TRUE(r) << "the request was there before the drain";
    EXPECT_EQ(r->body, "y");
    EXPECT_TRUE(c.is_closed_by_peer());
  }
}

TEST(ServerDrain, ANewConnectionIsWaitedForSinceItsClientAsksNobodyElse) {
  running_server s({.workers = 1});
  auto fresh = s.connect();
  auto silent = s.connect();
  // The server's handshake is over when its session tickets arrive.
  running_server::wait_until([&] {
    return fresh.has_something(std::chrono::milliseconds(2)) && silent.has_something(std::chrono::milliseconds(2));
  });
  s.begin_drain();
  auto stopped = s.stop(1h);
  const auto r = fresh.ask(post("/echo", "x"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->header("connection"), "close");
  EXPECT_TRUE(fresh.is_closed_by_peer());
  // With one thread, the drain has reached the other session when this answer arrives.
  s.time.advance(limits{}.first_request_in_drain);
  EXPECT_TRUE(silent.is_closed_by_peer());
  stopped.get();
}

TEST(ServerDrain, CancelsWhatOutlastsTheLimit) {
  running_server s({.workers = 2});
  auto in_handler = s.connect();
  ASSERT_TRUE(in_handler.send(post("/gate", "x")));
  auto half_sent = s.connect();
  ASSERT_TRUE(half_sent.send("POST /echo"));
  auto no_handshake = s.connect({.shakes_hands = false});
  s.wait_for_gate(1);
  running_server::wait_until([&] { return s.connections() == 3; });
  auto stopped = s.stop(5s);
  EXPECT_EQ(stopped.wait_for(20ms), std::future_status::timeout);
  s.time.advance(6s);
  stopped.get();
  EXPECT_EQ(s.connections(), 0U);
  EXPECT_FALSE(in_handler.receive());
}

TEST(ServerDrain, StopOfAnIdleServerIsImmediate) {
  running_server s({.workers = 2});
  s.stop(1h).get();
  EXPECT_FALSE(s.connect().is_open());
}

}  // namespace
}  // namespace pinhook::server
