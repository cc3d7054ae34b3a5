#include <pinhook/http/curl_client.hpp>

#include "support/gather.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::behaviour;
using testing::gather;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::reply;
using testing::run_on;
using testing::scripted_server;
using ::testing::StartsWith;

deadline in(std::chrono::nanoseconds span) { return deadline::after(std::chrono::steady_clock::now(), span); }

request to(const std::string& url, method verb = method::get) {
  request r;
  r.verb = verb;
  r.url = url;
  r.reach.loopback = true;
  return r;
}

class CurlClient : public ::testing::Test {
 protected:
  result<response> send(request r, deadline d = in(30s)) { return run_on(io, client->send(std::move(r), d)); }
  result<response> get(const std::string& path) { return send(to(server.url(path))); }

  // The code of a failed GET of /x, which the server answers with `r`; then the next request must work.
  error failure(reply r, deadline d = in(30s)) {
    r.headers.emplace_back("X-Scripted", "yes");
    server.on("GET", "/x", std::move(r));
    const auto got = send(to(server.url("/x")), d);
    EXPECT_FALSE(got);
    EXPECT_EQ(client->transfers(), 0U);
    server.on("GET", "/next", {.body = "works"});
    const auto next = get("/next");
    EXPECT_TRUE(next) << next.error().message;
    EXPECT_EQ(next ? next->body : "", "works");
    return got ? error{} : got.error();
  }

  asio::io_context io{1};
  scripted_server server;
  std::optional<curl_client> client{std::in_place, io};
};

TEST_F(CurlClient, GivesStatusHeadersAndBody) {
  server.on("GET", "/a",
            {.status = 418, .headers = {{"X-One", " 1 "}, {"x-two", ""}, {"X-One", "2"}}, .body = "hello"});
  const auto r = get("/a");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->status, 418);
  EXPECT_EQ(r->body, "hello");
  EXPECT_EQ(find_headers(r->headers, "x-one"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(find_header(r->headers, "X-Two"), "");
  EXPECT_FALSE(r->from_public_network);
}

TEST_F(CurlClient, SendsOnlyTheHeadersItIsGiven) {
  server.on("GET", "/a", {});
  auto r = to(server.url("/a?q=1"));
  r.headers = {{"X-One", "1"}, {"X-Empty", ""}};
  r.authorization = secret("Bearer abc");
  ASSERT_TRUE(send(std::move(r)));
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/a?q=1");
  EXPECT_EQ(seen.header("Authorization"), "Bearer abc");
  EXPECT_EQ(seen.header("X-One"), "1");
  EXPECT_TRUE(seen.has_header("X-Empty"));
  EXPECT_EQ(seen.headers.size(), 4U);  // and Host
}

TEST_F(CurlClient, SendsEachMethod) {
  for (const auto verb : {method::get, method::head, method::post, method::put, method::patch}) {
    const std::string name(to_string(verb));
    const bool has_body = verb != method::get && verb != method::head;
    server.on(name, "/a", {.body = "answer"});
    auto r = to(server.url("/a"), verb);
    if (has_body) r.body = secret("sent");
    const auto got = send(std::move(r));
    ASSERT_TRUE(got) << name << got.error().message;
    EXPECT_EQ(got->body, verb == method::head ? "" : "answer") << name;
    const auto seen = server.requests(name, "/a");
    ASSERT_EQ(seen.size(), 1U) << name;
    EXPECT_EQ(seen[0].body, has_body ? "sent" : "") << name;
    EXPECT_FALSE(seen[0].has_header("Expect"));
  }
}

TEST_F(CurlClient, PostsNothingAsAnEmptyBody) {
  server.on("POST", "/a", {});
  ASSERT_TRUE(send(to(server.url("/a"), method::post)));
  EXPECT_EQ(server.requests().at(0).header("Content-Length"), "0");
}

TEST_F(CurlClient, RefusesWhatWouldBreakTheFraming) {
  const auto code = [&](auto change) {
    auto r = to(server.url("/a"));
    change(r);
    const auto got = send(std::move(r));
    return got ? error_code::internal : got.error().code;
  };
  EXPECT_EQ(code([](request& r) { r.headers = {{"X", "a\r\nY: b"}}; }), error_code::invalid_input);
  EXPECT_EQ(code([](request& r) { r.headers = {{"X Y", "a"}}; }), error_code::invalid_input);
  EXPECT_EQ(code([](request& r) { r.headers = {{"", "a"}}; }), error_code::invalid_input);
  EXPECT_EQ(code([](request& r) { r.authorization = secret("Bearer a\nX: b"); }), error_code::invalid_input);
  EXPECT_EQ(code([](request& r) { r.body = secret("a body for GET"); }), error_code::invalid_input);
  EXPECT_EQ(code([](request& r) { r.url = "ftp://127.0.0.1/"; }), error_code::invalid_input);
  EXPECT_EQ(server.requests().size(), 0U);
}

TEST_F(CurlClient, FollowsNoRedirect) {
  server.on("GET", "/a", {.status = 307, .headers = {{"Location", server.url("/b")}}});
  const auto r = get("/a");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(CurlClient, KeepsNoCookies) {
  server.on("GET", "/a", {.headers = {{"Set-Cookie", "id=1; Path=/"}}});
  ASSERT_TRUE(get("/a"));
  ASSERT_TRUE(get("/a"));
  EXPECT_FALSE(server.requests().at(1).has_header("Cookie"));
}

TEST_F(CurlClient, UndoesNoContentEncoding) {
  server.on("GET", "/a", {.headers = {{"Content-Encoding", "gzip"}}, .body = "not really gzip"});
  const auto r = get("/a");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "not really gzip");
}

TEST_F(CurlClient, ReadsChunkedBodies) {
  server.on("GET", "/a",
            {.headers = {{"Transfer-Encoding", "chunked"}}, .body = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"});
  const auto r = get("/a");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "hello world");
}

// No request asks for one. libcurl knows them all; its libraries for the last two are left out of the program.
TEST_F(CurlClient, UndoesNoTransferCodingButChunked) {
  for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
    const auto target = fmt::format("/{}", coding);
    server.on("GET", target,
              {.headers = {{"Transfer-Encoding", fmt::format("{}, chunked", coding)}}, .body = "1\r\nx\r\n0\r\n\r\n"});
    const auto r = get(target);
    if (r)
      EXPECT_EQ(r->body, "x") << coding;
    else
      EXPECT_THAT(r.error().message, HasSubstr("coding")) << coding;
  }
  server.on("GET", "/a", {.body = "a"});
  EXPECT_TRUE(get("/a"));
}

TEST_F(CurlClient, DropsTheHeadersOfInterimAnswers) {
  server.on("GET", "/a",
            {.status = 103,
             .headers = {{"Link", "</x>"}, {"Transfer-Encoding", "chunked"}},
             .body = "HTTP/1.1 200 OK\r\nX-Final: yes\r\nContent-Length: 2\r\n\r\nok"});
  const auto r = get("/a");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->body, "ok");
  EXPECT_EQ(find_header(r->headers, "Link"), std::nullopt);
  EXPECT_EQ(find_header(r->headers, "X-Final"), "yes");
}

TEST_F(CurlClient, ReusesItsConnection) {
  server.on("GET", "/a", {.body = "a"});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(get("/a"));
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_EQ(client->opened_connections(), 1U);
}

TEST_F(CurlClient, OpensAnotherWhenTheServerClosedBetweenRequests) {
  server.on("GET", "/a", {.body = "a", .closes = true});
  for (int i = 0; i < 5; ++i) {
    const auto r = get("/a");
    ASSERT_TRUE(r) << r.error().message;
  }
  EXPECT_EQ(server.connections(), 5U);
}

TEST_F(CurlClient, LimitsTheConnectionsToAHost) {
  curl_client_options o;
  o.connections.connections_per_host = 2;
  client.emplace(io, o);
  server.on("GET", "/a", {.body = "a"});
  std::vector<awaitable<result<response>>> all;
  for (int i = 0; i < 20; ++i) all.push_back(client->send(to(server.url("/a")), in(30s)));
  for (const auto& r : gather(io, std::move(all))) EXPECT_TRUE(r) << r.error().message;
  EXPECT_LE(server.connections(), 2U);
  EXPECT_EQ(server.requests().size(), 20U);
}

TEST_F(CurlClient, LimitsPlainConnectionsToAHostByTheirOwnNumber) {
  curl_client_options o;
  o.connections.connections_per_host = 1;
  o.plain_connections_per_host = 5;
  client.emplace(io, o);
  server.on("GET", "/a", {.body = "a"});
  std::vector<awaitable<result<response>>> all;
  for (int i = 0; i < 20; ++i) all.push_back(client->send(to(server.url("/a")), in(30s)));
  for (const auto& r : gather(io, std::move(all))) EXPECT_TRUE(r) << r.error().message;
  EXPECT_GT(server.connections(), 1U);
  EXPECT_LE(server.connections(), 5U);
}

TEST_F(CurlClient, CountsTheBody) {
  auto r = to(server.url("/a"));
  r.limits.body = 10;
  server.on("GET", "/a", {.body = "0123456789"}, {.body = "0123456789+"});
  EXPECT_TRUE(send(r));
  const auto over = send(r);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, error_code::malformed);
  EXPECT_THAT(over.error().message, AllOf(StartsWith(server.host()), HasSubstr("10 bytes")));
}

TEST_F(CurlClient, CountsAnEndlessBody) {
  EXPECT_THAT(failure({.act = behaviour::endless_body}).message, HasSubstr("larger than 65536 bytes"));
}

TEST_F(CurlClient, CountsHeaderLines) {
  auto r = to(server.url("/a"));
  r.limits.header_lines = 4;  // status, X-Scripted, Content-Length, the empty line
  server.on("GET", "/a", {.headers = {{"X", "1"}}}, {.headers = {{"X", "1"}, {"Y", "1"}}});
  EXPECT_TRUE(send(r));
  const auto over = send(r);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, error_code::malformed);
  EXPECT_THAT(over.error().message, HasSubstr("more than 4 header lines"));
}

TEST_F(CurlClient, CountsHeaderBytes) {
  auto r = to(server.url("/a"));
  r.limits.header_bytes = 1000;
  server.on("GET", "/a", {.headers = {{"X", std::string(900, 'x')}}}, {.headers = {{"X", std::string(1000, 'x')}}});
  EXPECT_TRUE(send(r));
  const auto over = send(r);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, error_code::malformed);
  EXPECT_THAT(over.error().message, HasSubstr("larger than 1000 bytes"));
}

TEST_F(CurlClient, EndsEndlessHeaders) {
  EXPECT_EQ(failure({.act = behaviour::endless_headers}).code, error_code::malformed);
  EXPECT_EQ(failure({.act = behaviour::endless_line}).code, error_code::malformed);
}

TEST_F(CurlClient, SaysThatNobodyListens) {
  const testing::refusing_port closed;
  const auto r = send(to("http://" + closed.host() + "/a?secret=1"));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::unavailable);
  EXPECT_THAT(r.error().message, AllOf(StartsWith(closed.host()), HasSubstr("refused"), Not(HasSubstr("secret"))));
}

TEST_F(CurlClient, SaysThatANameDoesNotResolve) {
  // Longer than DNS can say: no server is asked.
  const std::string name = std::string(64, 'a') + ".example";
  const auto r = send(to("http://" + name + "/"));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::unavailable);
  EXPECT_THAT(r.error().message, AllOf(StartsWith(name + ":80"), HasSubstr("does not resolve")));
}

TEST_F(CurlClient, SurvivesBrokenAnswers) {
  EXPECT_EQ(failure({.act = behaviour::reset}).code, error_code::unavailable);
  EXPECT_EQ(failure({.act = behaviour::close}).code, error_code::unavailable);
  EXPECT_EQ(failure({.body = "half of this", .act = behaviour::truncate}).code, error_code::malformed);
  EXPECT_EQ(failure({.body = "half of this", .act = behaviour::reset_in_body}).code, error_code::unavailable);
  EXPECT_EQ(failure({.act = behaviour::garbage}).code, error_code::malformed);
  EXPECT_EQ(failure({.act = behaviour::cut_head}).code, error_code::malformed);
  EXPECT_EQ(failure({.body = "short", .claimed_length = 100, .closes = true}).code, error_code::malformed);
}

TEST_F(CurlClient, RefusesBrokenChunks) {
  EXPECT_EQ(failure({.headers = {{"Transfer-Encoding", "chunked"}}, .body = "not a length\r\n"}).code,
            error_code::malformed);
}

TEST_F(CurlClient, KeepsTheDeadline) {
  EXPECT_THAT(failure({.act = behaviour::hang}, in(50ms)).message, HasSubstr("waiting for the answer"));
  const auto stalled = failure({.body = "half of this", .act = behaviour::stall}, in(50ms));
  EXPECT_EQ(stalled.code, error_code::timed_out);
  EXPECT_THAT(stalled.message, HasSubstr("reading the answer"));
}

TEST_F(CurlClient, HandsOverABodyAsItArrives) {
  server.on("GET", "/a", {.body = "firstlater", .act = behaviour::stall});
  std::vector<std::string> pieces;
  auto r = to(server.url("/a"));
  r.limits.body = 1;  // does not count
  r.on_body = [&](std::string_view piece) {
    pieces.emplace_back(piece);
    // The rest comes only after the first piece was seen.
    server.release();
    return true;
  };
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(pieces, (std::vector<std::string>{"first", "later"}));
  EXPECT_EQ(got->body, "");
}

TEST_F(CurlClient, KeepsTheBodyOfARefusal) {
  server.on("GET", "/a", {.status = 410, .body = "gone"});
  auto r = to(server.url("/a"));
  r.on_body = [](std::string_view) { return ADD_FAILURE() << "not a success", true; };
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "gone");
}

TEST_F(CurlClient, EndsWhenABodyIsNotWanted) {
  server.on("GET", "/a", {.act = behaviour::endless_body});
  auto r = to(server.url("/a"));
  r.on_body = [](std::string_view) { return false; };
  const auto got = send(std::move(r));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::canceled);
}

TEST_F(CurlClient, AsksNobodyAfterTheDeadline) {
  const auto r = send(to(server.url("/a")), in(0s));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::timed_out);
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlClient, WaitsWithoutDeadline) {
  server.on("GET", "/a", {.body = "a"});
  EXPECT_TRUE(send(to(server.url("/a")), deadline::never()));
}

TEST_F(CurlClient, IsCancelledByTheSlot) {
  server.on("GET", "/a", {.act = behaviour::hang});
  asio::cancellation_signal signal;
  std::optional<result<response>> got;
  auto work = [](curl_client& c, request r, std::optional<result<response>>& out) -> awaitable<void> {
    out.emplace(co_await c.send(std::move(r), in(30s)));
  };
  asio::co_spawn(io, work(*client, to(server.url("/a")), got),
                 asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  while (server.requests().empty()) io.run_one_for(1ms);
  EXPECT_EQ(client->transfers(), 1U);
  signal.emit(asio::cancellation_type::terminal);
  while (!got && io.run_one() != 0) {
  }
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, error_code::canceled);
  EXPECT_EQ(client->transfers(), 0U);
}

TEST_F(CurlClient, CompletesWhatIsUnderWayWhenItGoes) {
  server.on("GET", "/a", {.act = behaviour::hang});
  std::vector<std::optional<result<response>>> got(3);
  auto work = [](curl_client& c, request r, std::optional<result<response>>& out) -> awaitable<void> {
    out.emplace(co_await c.send(std::move(r), in(30s)));
  };
  for (auto& one : got) asio::co_spawn(io, work(*client, to(server.url("/a")), one), [](std::exception_ptr) {});
  while (server.requests().size() < got.size()) io.run_one_for(1ms);
  client.reset();
  io.run();
  for (const auto& one : got) {
    ASSERT_TRUE(one);
    ASSERT_FALSE(*one);
    EXPECT_EQ(one->error().code, error_code::canceled);
  }
}

TEST_F(CurlClient, MayGoWithCoroutinesThatNeverRunAgain) {
  server.on("GET", "/a", {.act = behaviour::hang});
  {
    asio::io_context other(1);
    curl_client gone(other);
    auto work = [](curl_client& c, request r) -> awaitable<void> {
      const auto unused = co_await c.send(std::move(r), in(30s));
      EXPECT_FALSE(unused) << "nothing may run after the io_context";
    };
    asio::co_spawn(other, work(gone, to(server.url("/a"))), [](std::exception_ptr) {});
    while (server.requests().empty()) other.run_one_for(1ms);
    EXPECT_EQ(gone.transfers(), 1U);
  }
  server.on("GET", "/b", {.body = "b"});
  EXPECT_TRUE(get("/b"));
}

}  // namespace
}  // namespace pinhook::http
