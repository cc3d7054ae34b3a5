// Sessions over real sockets: each limit exceeded, each kind of wrong request.
#include <pinhook/server/session.hpp>

#include "running_server.hpp"
#include "support/https_client.hpp"

#include <pinhook/base/log.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using testing::get;
using ::testing::HasSubstr;
using testing::post;
using testing::running_server;
using testing::running_server_options;

running_server_options with_limits(limits l) {
  running_server_options o;
  o.server.limits = l;
  return o;
}

running_server_options plain() {
  running_server_options o;
  o.tls = false;
  return o;
}

TEST(Session, AnswersOverTls) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.is_open());
  EXPECT_EQ(c.version(), "TLSv1.3");
  EXPECT_EQ(c.peer_name(), "localhost");
  const auto r = c.ask(post("/echo?timeout=10s", "{\"a\":1}", "application/json; charset=utf-8"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 200U);
  EXPECT_EQ(r->body, "{\"a\":1}");
  EXPECT_EQ(r->header("content-type"), "application/json");
  EXPECT_EQ(r->header("x-target"), "/echo?timeout=10s");
  EXPECT_EQ(r->header("connection"), "");
  EXPECT_EQ(r->header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST(Session, AnswersInPlainHttp) {
  running_server s(plain());
  auto c = s.connect();
  const auto r = c.ask(post("/echo", "hello"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->body, "hello");
}

TEST(Session, KeepsTheConnection) {
  for (const bool tls : {true, false}) {
    running_server s(tls ? running_server_options{} : plain());
    auto c = s.connect();
    for (int i = 0; i < 20; ++i) {
      const std::string body(static_cast<std::size_t>(i) * 5000, static_cast<char>('a' + i));
      const auto r = c.ask(post("/echo", body));
      ASSERT_TRUE(r) << i;
      EXPECT_EQ(r->body, body);
    }
    EXPECT_EQ(s.connections(), 1U);
  }
}

TEST(Session, AnswersPipelinedRequestsInOrder) {
  running_server s;
  auto c = s.connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += post("/echo", fmt::format("body {}", i));
  all += post("/nowhere", "dropped");
  all +=
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4\r\nlast\r\n0\r\n\r\n";
  all += get("/thread");
  ASSERT_TRUE(c.send(all));
  for (int i = 0; i < 50; ++i) {
    const auto r = c.receive();
    ASSERT_TRUE(r) << i;
    EXPECT_EQ(r->body, fmt::format("body {}", i));
  }
  EXPECT_EQ(c.receive()->status, 404U);
  EXPECT_EQ(c.receive()->body, "last");
  EXPECT_EQ(c.receive()->status, 200U);
}

TEST(Session, TakesRequestsByteByByte) {
  running_server s;
  auto c = s.connect();
  for (const char byte : post("/echo", "slowly")) ASSERT_TRUE(c.send(std::string(1, byte)));
  EXPECT_EQ(c.receive()->body, "slowly");
}

TEST(Session, ZerosStandBehindABody) {
  running_server s;
  auto c = s.connect();
  EXPECT_EQ(c.ask(post("/echo", "12345"))->header("x-behind"), "zeros");
  EXPECT_EQ(c.ask(post("/echo", ""))->header("x-behind"), "zeros");
}

TEST(Session, LargeBodiesGoThrough) {
  running_server s;
  auto c = s.connect();
  const std::string body(limits{}.body, 'x');
  const auto r = c.ask(post("/echo", body));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->body, body);
  EXPECT_EQ(c.ask(post("/echo", "small"))->body, "small");
}

TEST(Session, ClosesWhenThePeerWants) {
  running_server s;
  auto c = s.connect();
  const auto r = c.ask("GET /thread HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->header("connection"), "close");
  EXPECT_TRUE(c.is_closed_by_peer());
  auto old = s.connect();
  EXPECT_EQ(old.ask("GET /thread HTTP/1.0\r\n\r\n")->header("connection"), "close");
  EXPECT_TRUE(old.is_closed_by_peer());
}

TEST(Session, HeadHasNoBody) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.send("HEAD /thread HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto r = c.receive(true);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 200U);
  EXPECT_NE(r->header("content-length"), "0");
  EXPECT_EQ(c.ask(post("/echo", "next"))->body, "next");
}

TEST(Session, SaysContinueOnce) {
  running_server s;
  auto c = s.connect();
  const auto first = c.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: "
      "4\r\n\r\n");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 100U);
  EXPECT_EQ(c.ask("body")->body, "body");
}

TEST(Session, RefusesInsteadOfContinue) {
  running_server s;
  auto c = s.connect();
  const auto r = c.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: "
      "4\r\n\r\n");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 415U);
  EXPECT_EQ(r->header("connection"), "close");
}

struct refused_request {
  const char* name;
  std::string message;
  unsigned status;
  const char* reason;
};

TEST(Session, RefusesBeforeTheBodyIsRead) {
  const limits l{.body = 1000, .header = 2000, .target = 100};
  running_server s(with_limits(l));
  // Each announces a body and sends no byte of it.
  const std::string tail = "\r\nHost: a\r\nContent-Length: 900\r\n";
  const std::vector<refused_request> table{
      {"path", "POST /nowhere HTTP/1.1" + tail + "\r\n", 404, "POST /echo"},
      {"method", "PUT /echo HTTP/1.1" + tail + "\r\n", 405, "use POST"},
      {"media type", "POST /echo HTTP/1.1" + tail + "Content-Type: text/plain\r\n\r\n", 415, "application/json"},
      {"no media type", "POST /echo HTTP/1.1" + tail + "\r\n", 415, "none"},
      {"body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n", 413,
       "1000"},
      {"chunk",
       "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
       413, "1000"},
      {"header", "POST /echo HTTP/1.1\r\nA: " + std::string(2000, 'x'), 431, "2000"},
      {"target", "POST /" + std::string(100, 'x') + " HTTP/1.1\r\n", 414, "100"},
      {"no HTTP", "GET / HTTP/3.0\r\n\r\n", 505, "HTTP/1.1"},
      {"bad header", "GET / HTTP/1.1\r\nnonsense\r\n\r\n", 400, "HTTP"},
  };
  for (const auto& row : table) {
    auto c = s.connect();
    const auto r = c.ask(row.message);
    ASSERT_TRUE(r) << row.name;
    EXPECT_EQ(r->status, row.status) << row.name << r->body;
    EXPECT_THAT(r->body, HasSubstr(row.reason)) << row.name;
    EXPECT_THAT(r->header("content-type"), HasSubstr("text/plain"));
    EXPECT_EQ(r->header("connection"), "close") << row.name;
    EXPECT_TRUE(c.is_closed_by_peer()) << row.name;
  }
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_http_responses_total{listener=\"webhook\",status=\"413\"} 2"));
}

TEST(Session, KeepsTheConnectionAfterARefusalWithoutABody) {
  running_server s;
  auto c = s.connect();
  const auto wrong = c.ask(get("/echo"));
  EXPECT_EQ(wrong->status, 405U);
  EXPECT_EQ(wrong->header("allow"), "POST");
  EXPECT_EQ(c.ask(get("/nowhere"))->status, 404U);
  EXPECT_EQ(c.ask(post("/echo", "fine"))->body, "fine");
}

TEST(Session, RefusalArrivesAlthoughTheBodyKeepsComing) {
  running_server s(with_limits({.body = 1000}));
  auto c = s.connect();
  ASSERT_TRUE(
      c.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(c.send(std::string(100'000, 'x'))) << i;
  const auto r = c.receive();
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 413U);
}

TEST(Session, LingersForItsTimeOnly) {
  running_server s(with_limits({.body = 1000}));
  auto c = s.connect();
  EXPECT_EQ(
      c.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n")->status,
      413U);
  ASSERT_TRUE(c.is_closed_by_peer());
  EXPECT_EQ(s.connections(), 1U) << "the peer has not closed yet";
  s.wait_until([&] {
    s.time.advance(100ms);
    return s.connections() == 0;
  });
}

TEST(Session, LargeBodiesTogetherHaveALimit) {
  limits l;
  l.bodies_in_memory = 1'000'000;
  running_server s(with_limits(l));
  const std::string body(600'000, 'x');
  auto first = s.connect();
  ASSERT_TRUE(first.send(post("/gate", body)));
  s.wait_for_gate(1);
  auto second = s.connect();
  const auto refused = second.ask(post("/echo", body));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->header("retry-after"), "1");
  auto third = s.connect();
  EXPECT_EQ(third.ask(post("/echo", "small"))->status, 200U) << "small ones are not counted";
  auto fourth = s.connect();
  const auto gathered =
      fourth.ask(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                             "chunked\r\n\r\n927c0\r\n{}\r\n",
                             body));
  ASSERT_TRUE(gathered);
  EXPECT_EQ(gathered->status, 503U);
  s.open_gate();
  EXPECT_EQ(first.receive()->body, "through");
  EXPECT_EQ(first.ask(post("/echo", body))->status, 200U) << "it was given back";
}

TEST(Session, HandlerThatThrowsIsAnswered) {
  static std::string logged;
  log::redirect([](std::string_view line) { logged += line; });
  {
    running_server s;
    auto c = s.connect();
    const auto r = c.ask(post("/throw", "x"));
    ASSERT_TRUE(r);
    EXPECT_EQ(r->status, 500U);
    EXPECT_EQ(r->body.find("out of order"), std::string::npos) << "the reason is for the log";
    EXPECT_EQ(c.ask(post("/echo", "next"))->body, "next");
  }
  log::redirect(nullptr);
  EXPECT_THAT(logged, HasSubstr("the handler is out of order"));
  EXPECT_THAT(logged, HasSubstr("/throw"));
}

// Time limits: the test moves the clock and never waits.

TEST(SessionTime, HandshakeHasALimit) {
  running_server s;
  auto c = s.connect({.shakes_hands = false});
  running_server::wait_until([&] { return s.connections() == 1; });
  EXPECT_TRUE(s.advance_until_something(c, 1s));
  EXPECT_FALSE(c.handshake());
  running_server::wait_until([&] { return s.connections() == 0; });
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_tls_handshake_failures_total{reason=\"timeout\"} 1"));
}

TEST(SessionTime, ConnectionWithoutARequestCloses) {
  running_server s;
  auto c = s.connect({.highest_version = TLS1_2_VERSION});
  ASSERT_TRUE(c.is_open());
  EXPECT_TRUE(s.advance_until_something(c, 1s));
  EXPECT_TRUE(c.is_closed_by_peer());
}

TEST(SessionTime, HalfARequestIsAnswered408) {
  const std::string body = post("/echo", std::string(10'000, 'x'));
  for (const std::string& half : {body.substr(0, 20), body.substr(0, 5000)}) {
    running_server s;
    auto c = s.connect();
    ASSERT_TRUE(c.ask(post("/echo", "first")));
    ASSERT_TRUE(c.send(half));
    EXPECT_TRUE(s.advance_until_something(c, 1s));
    const auto r = c.receive();
    ASSERT_TRUE(r);
    EXPECT_EQ(r->status, 408U);
    EXPECT_THAT(r->body, HasSubstr("10000 ms"));
    EXPECT_TRUE(c.is_closed_by_peer());
  }
}

TEST(SessionTime, SlowHeadDoesNotWinByTrickling) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.ask(post("/echo", "first")));
  ASSERT_TRUE(c.send("POST /echo HTTP/1.1\r\nX-Slow: "));
  bool answered = false;
  for (int i = 0; i < 10'000 && !answered; ++i) {
    c.send("x");
    s.time.advance(100ms);
    answered = c.has_something(1ms);
  }
  const auto r = c.receive();
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 408U);
}

// Each takes a signature or two of the server; in TLS 1.3 there is none.
TEST(SessionTls, DoesNotRenegotiate) {
  running_server s;
  auto c = s.connect({.highest_version = TLS1_2_VERSION});
  ASSERT_TRUE(c.ask(post("/echo", "x")));
  EXPECT_FALSE(c.renegotiate());
  EXPECT_EQ(s.connect().ask(post("/echo", "x"))->status, 200U) << "others are served";
}

TEST(SessionTime, KeyUpdatesAreNoRequest) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.update_keys());
  ASSERT_TRUE(c.ask(post("/echo", "x"))) << "they are taken";
  running_server::wait_until([&] {
    c.update_keys();
    s.time.advance(5s);
    return s.connections() == 0;
  });
}

TEST(SessionTime, SlowBodyDoesNotWinByTrickling) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.ask(post("/echo", "first")));
  ASSERT_TRUE(c.send(post("/echo", std::string(1'000'000, 'x')).substr(0, 5000)));
  bool answered = false;
  for (int i = 0; i < 10'000 && !answered; ++i) {
    c.send("x");
    s.time.advance(100ms);
    answered = c.has_something(1ms);
  }
  const auto r = c.receive();
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 408U);
}

TEST(SessionTime, IdleConnectionClosesLater) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.ask(post("/echo", "x")));
  s.time.advance(4min);
  ASSERT_TRUE(c.ask(post("/echo", "x"))) << "4 minutes are allowed";
  EXPECT_TRUE(s.advance_until_something(c, 30s));
  EXPECT_TRUE(c.is_closed_by_peer());
}

TEST(SessionTime, PeerThatDoesNotReadIsDropped) {
  running_server s(plain());
  auto c = s.connect({.receive_buffer = 4096});
  ASSERT_TRUE(c.send(get("/large")));
  ASSERT_TRUE(c.has_something(20s)) << "it has begun to answer";
  running_server::wait_until([&] {
    s.time.advance(100ms);
    return s.connections() == 0;
  });
  EXPECT_FALSE(c.receive()) << "the response was cut off";
}

TEST(SessionTime, HandlerMayTakeItsTime) {
  running_server s;
  auto c = s.connect();
  ASSERT_TRUE(c.ask(post("/echo", "first")));
  ASSERT_TRUE(c.send(post("/gate", "x")));
  s.wait_for_gate(1);
  s.time.advance(1h);
  EXPECT_FALSE(c.has_something(20ms));
  s.open_gate();
  EXPECT_EQ(c.receive()->body, "through");
}

// TLS.

TEST(SessionTls, RefusesOldVersions) {
  running_server s;
  auto c = s.connect({.highest_version = TLS1_1_VERSION});
  EXPECT_FALSE(c.is_open());
  running_server::wait_until([&] { return s.connections() == 0; });
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_tls_handshake_failures_total{reason=\"protocol\"} 1"));
  auto good = s.connect({.highest_version = TLS1_2_VERSION});
  ASSERT_TRUE(good.is_open());
  EXPECT_EQ(good.version(), "TLSv1.2");
  EXPECT_EQ(good.ask(post("/echo", std::string(100'000, 'x')))->status, 200U);
}

TEST(SessionTls, DoesNotOfferHttp2) {
  running_server s;
  auto both = s.connect({.protocols = {"h2", "http/1.1"}});
  EXPECT_EQ(both.protocol(), "http/1.1");
  auto only_h2 = s.connect({.protocols = {"h2"}});
  EXPECT_EQ(only_h2.protocol(), "");
}

TEST(SessionTls, ResumesByTicket) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    running_server s;
    auto first = s.connect({.highest_version = version});
    ASSERT_TRUE(first.ask(post("/echo", "x")));
    EXPECT_FALSE(first.has_resumed());
    auto second = s.connect({.highest_version = version, .resumes = first.session()});
    EXPECT_TRUE(second.has_resumed());
    EXPECT_EQ(second.ask(post("/echo", "x"))->status, 200U);
  }
}

TEST(SessionTls, PlainHttpIsClosed) {
  running_server s;
  auto c = s.connect({.shakes_hands = false});
  c.send_raw(get("/thread"));
  EXPECT_FALSE(c.handshake());
  auto garbage = s.connect({.shakes_hands = false});
  garbage.send_raw(std::string(1000, '\xff'));
  EXPECT_FALSE(garbage.handshake());
  EXPECT_EQ(s.connect().ask(post("/echo", "x"))->status, 200U);
  running_server::wait_until([&] { return s.connections() == 0; });
}

TEST(SessionTls, PeerThatVanishesIsForgotten) {
  running_server s;
  {
    auto before_handshake = s.connect({.shakes_hands = false});
    auto idle = s.connect();
    auto amid_request = s.connect();
    ASSERT_TRUE(amid_request.send("POST /echo HT"));
    auto amid_handler = s.connect();
    ASSERT_TRUE(amid_handler.send(post("/gate", "x")));
    s.wait_for_gate(1);
    running_server::wait_until([&] { return s.connections() == 4; });
  }
  s.open_gate();
  running_server::wait_until([&] { return s.connections() == 0; });
  EXPECT_THAT(s.numbers.render(), HasSubstr("pinhook_connections{listener=\"webhook\"} 0"));
}

TEST(SessionTime, AHandshakeDoesNotWinByTrickling) {
  running_server s;
  auto c = s.connect({.shakes_hands = false});
  // The begin of a record with a ClientHello, a byte at a time.
  const std::string begin("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  running_server::wait_until([&] { return s.connections() == 1; });
  for (std::size_t i = 0; i < begin.size() && s.connections() == 1; ++i) {
    c.send_raw(begin.substr(i, 1));
    s.time.advance(1s);
  }
  EXPECT_TRUE(s.advance_until_something(c, 1s));
  running_server::wait_until([&] { return s.connections() == 0; });
}

TEST(Session, AHalfClosedConnectionIsAnsweredAndEnds) {
  for (const bool tls : {false, true}) {
    running_server s({.tls = tls});
    auto c = s.connect();
    ASSERT_TRUE(c.send(post("/echo", "x")));
    c.end_sending();
    const auto r = c.receive();
    ASSERT_TRUE(r) << tls;
    EXPECT_EQ(r->body, "x");
    running_server::wait_until([&] { return s.connections() == 0; });
    // Half a request, and nothing to follow.
    auto half = s.connect();
    ASSERT_TRUE(half.send(post("/echo", "xyz").substr(0, 30)));
    half.end_sending();
    running_server::wait_until([&] { return s.connections() == 0; });
  }
}

}  // namespace
}  // namespace pinhook::server
