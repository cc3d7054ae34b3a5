#include <pinhook/server/request_reader.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::server {
namespace {

void append(byte_buffer& b, std::string_view bytes) {
  const auto room = b.room(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  b.commit(bytes.size());
}

// Feeds `bytes` in pieces of `step`; the final progress, or the refusal's status.
struct outcome {
  progress reached = progress::need_more;
  unsigned refused = 0;
  std::string reason;
};

outcome feed(request_reader& r, byte_buffer& b, std::string_view bytes, std::size_t step) {
  outcome out;
  for (;;) {
    const auto p = r.advance(b);
    if (!p) return {progress::need_more, p.error().status, p.error().reason};
    out.reached = *p;
    if (*p == progress::complete) {
      append(b, bytes);
      return out;
    }
    if (*p == progress::head) continue;
    if (bytes.empty()) return out;
    append(b, bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
}

constexpr std::string_view with_length =
    "POST /v1/pin/enforce?timeout=10s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
    "\r\nhello";
constexpr std::string_view chunked =
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nTrailer: "
    "t\r\n\r\n";

TEST(RequestReader, ForgetsHostAndCredentialsWithTheRequest) {
  const limits l;
  request_reader r(l);
  byte_buffer b;
  ASSERT_EQ(feed(r, b, "GET / HTTP/1.1\r\nHost: a:80\r\nAuthorization: Bearer x\r\n\r\n", 1000).reached,
            progress::complete);
  EXPECT_EQ(r.head().host, "a:80");
  EXPECT_EQ(r.head().authorization.reveal(), "Bearer x");
  r.next(b);
  ASSERT_EQ(feed(r, b, "GET / HTTP/1.1\r\nHost: b\r\n\r\n", 1000).reached, progress::complete);
  EXPECT_EQ(r.head().host, "b");
  EXPECT_TRUE(r.head().authorization.is_empty());
}

TEST(RequestReader, ReadsBodiesInPiecesOfAnySize) {
  const limits l;
  for (const std::string_view message : {with_length, chunked}) {
    for (const std::size_t step : {1U, 2U, 7U, 1000U}) {
      request_reader r(l);
      byte_buffer b;
      const auto got = feed(r, b, message, step);
      EXPECT_EQ(got.reached, progress::complete) << message << " by " << step << ": " << got.reason;
      EXPECT_EQ(r.body(b), "hello") << step;
      EXPECT_EQ(r.head().method, "POST");
      EXPECT_TRUE(r.head().keeps_alive);
      EXPECT_EQ(r.head().is_chunked, message == chunked);
    }
  }
}

TEST(RequestReader, TellsWhatTheHeadSays) {
  const limits l;
  request_reader r(l);
  byte_buffer b;
  ASSERT_EQ(feed(r, b, with_length, 1000).reached, progress::complete);
  EXPECT_EQ(r.head().target, "/v1/pin/enforce?timeout=10s");
  EXPECT_EQ(r.head().content_type, "application/json");
  EXPECT_EQ(r.head().content_length, 5U);
  EXPECT_FALSE(r.head().expects_continue);
}

// RFC 9112 section 3.2.2: a server must take the absolute form.
TEST(RequestReader, TakesTargetsInAbsoluteForm) {
  const limits l;
  for (const auto& [sent, meant] : std::vector<std::pair<std::string, std::string>>{
           {"http://webhook.svc/v1/pin/audit?timeout=1s", "/v1/pin/audit?timeout=1s"},
           {"https://[::1]:8443/livez", "/livez"},
           {"HTTPS://webhook.svc:443/", "/"},
           {"http://webhook.svc", "/"},
           {"http://webhook.svc?timeout=1s", "/?timeout=1s"},
           {"http://", "/"},
           {"/http://webhook.svc/x", "/http://webhook.svc/x"},
           {"ftp://webhook.svc/x", "ftp://webhook.svc/x"},
           {"*", "*"}}) {
    request_reader r(l);
    byte_buffer b;
    const std::string request = "GET " + sent + " HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_EQ(feed(r, b, request, 1000).reached, progress::complete) << sent;
    EXPECT_EQ(r.head().target, meant) << sent;
  }
}

TEST(RequestReader, LeavesTheNextRequestInTheBuffer) {
  const limits l;
  request_reader r(l);
  byte_buffer b;
  append(b, std::string(with_length) + std::string(chunked) + "GET / HTTP/1.0\r\n\r\n");
  ASSERT_EQ(feed(r, b, "", 1).reached, progress::complete);
  EXPECT_EQ(r.body(b), "hello");
  r.next(b);
  ASSERT_EQ(feed(r, b, "", 1).reached, progress::complete);
  EXPECT_EQ(r.head().target, "/x");
  EXPECT_EQ(r.body(b), "hello");
  r.next(b);
  ASSERT_EQ(feed(r, b, "", 1).reached, progress::complete);
  EXPECT_EQ(r.head().method, "GET");
  EXPECT_FALSE(r.head().keeps_alive);
  EXPECT_EQ(r.body(b), "");
  r.next(b);
  EXPECT_TRUE(b.is_empty());
}

TEST(RequestReader, HasReadableBytesBehindTheBody) {
  const limits l;
  for (const std::string_view message : {with_length, chunked}) {
    request_reader r(l);
    byte_buffer b;
    ASSERT_EQ(feed(r, b, message, 1000).reached, progress::complete);
    const std::string behind(r.body(b).data() + r.body(b).size(), byte_buffer::padding);
    EXPECT_EQ(behind, std::string(byte_buffer::padding, '\0'));
  }
}

struct bad_request {
  std::string name;
  std::string message;
  unsigned status;
};
std::ostream& operator<<(std::ostream& out, const bad_request& r) { return out << r.name; }

class RequestReaderRefuses : public ::testing::TestWithParam<bad_request> {};

TEST_P(RequestReaderRefuses, WithAStatus) {
  const limits l{.body = 100, .header = 512, .target = 64, .chunk_line = 64};
  for (const std::size_t step : {1U, 3U, 10'000U}) {
    request_reader r(l);
    byte_buffer b;
    const auto got = feed(r, b, GetParam().message, step);
    EXPECT_EQ(got.refused, GetParam().status) << "by " << step << ": " << got.reason;
    EXPECT_FALSE(got.reason.empty());
  }
}

std::string posted(std::string_view headers, std::string_view body = "") {
  return fmt::format("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n{}", headers, body);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RequestReaderRefuses,
    ::testing::Values(
        bad_request{"NoHttp", "hello there\r\n\r\n", 400}, bad_request{"OtherVersion", "GET / HTTP/1.2\r\n\r\n", 505},
        bad_request{"Garbage", "\x16\x03\x01\x02\x00\r\n\r\n", 400},
        bad_request{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        bad_request{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        bad_request{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        bad_request{"TwoCredentials",
                    "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400},
        bad_request{"BadHeader", "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
        bad_request{"LengthOverLimit", posted("Content-Length: 101"), 413},
        bad_request{"HugeLength", posted("Content-Length: 99999999999999999999999"), 400},
        bad_request{"NegativeLength", posted("Content-Length: -1"), 400},
        bad_request{"TwoLengths", posted("Content-Length: 1\r\nContent-Length: 2"), 400},
        bad_request{"LengthAndChunked", posted("Content-Length: 1\r\nTransfer-Encoding: chunked"), 400},
        bad_request{"ChunkedAndLength", posted("Transfer-Encoding: chunked\r\nContent-Length: 1"), 400},
        bad_request{"OtherCoding", posted("Transfer-Encoding: gzip"), 501},
        bad_request{"CodingBeforeChunked", posted("Transfer-Encoding: gzip, chunked"), 501},
        bad_request{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        bad_request{"OtherExpectation", posted("Expect: a-miracle"), 417},
        bad_request{"ChunkOverLimit", posted("Transfer-Encoding: chunked", "65\r\nx"), 413},
        bad_request{"ChunksOverLimit",
                    posted("Transfer-Encoding: chunked", "60\r\n" + std::string(96, 'x') + "\r\n5\r\n"), 413},
        bad_request{"HugeChunk", posted("Transfer-Encoding: chunked", "fffffffffffffffff\r\n"), 400},
        bad_request{"BadChunk", posted("Transfer-Encoding: chunked", "zz\r\n\r\n"), 400},
        bad_request{"LongChunkLine", posted("Transfer-Encoding: chunked", "5;" + std::string(200, 'x')), 400},
        bad_request{"LongTrailers", posted("Transfer-Encoding: chunked", "0\r\nA: " + std::string(200, 'x')), 400},
        bad_request{"LongTarget", "GET /" + std::string(64, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        bad_request{"LongRequestLine", "GET /" + std::string(600, 'x'), 414},
        bad_request{"LongHeader", posted("A: " + std::string(600, 'x')), 431},
        bad_request{"ManyHeaders",
                    "GET / HTTP/1.1\r\nHost: a\r\n" +
                        [] {
                          std::string all;
                          for (int i = 0; i < 100; ++i) all += "A: b\r\n";
                          return all + "\r\n";
                        }(),
                    431}),
    [](const auto& row) { return row.param.name; });

TEST(RequestReader, TakesABodyOfExactlyTheLimit) {
  const limits l{.body = 100};
  request_reader r(l);
  byte_buffer b;
  EXPECT_EQ(feed(r, b, posted("Content-Length: 100", std::string(100, 'x')), 9).reached, progress::complete);
  request_reader c(l);
  byte_buffer d;
  EXPECT_EQ(
      feed(c, d, posted("Transfer-Encoding: chunked", "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n"), 9).reached,
      progress::complete);
}

TEST(RequestReader, FreesALargeChunkedBody) {
  const limits l;
  request_reader r(l);
  byte_buffer b;
  ASSERT_EQ(
      feed(r, b, posted("Transfer-Encoding: chunked", "100000\r\n" + std::string(0x100000, 'x') + "\r\n0\r\n\r\n"),
           4096)
          .reached,
      progress::complete);
  EXPECT_GE(r.gathered(), std::size_t{0x100000});
  r.next(b);
  EXPECT_LT(r.gathered(), std::size_t{64} * 1024);
}

}  // namespace
}  // namespace pinhook::server
