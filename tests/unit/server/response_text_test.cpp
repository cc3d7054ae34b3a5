#include <pinhook/server/response_text.hpp>

#include <gtest/gtest.h>

namespace pinhook::server {
namespace {

TEST(ResponseText, HeadAndBodyInOnePiece) {
  response r;
  r.body = "{}";
  r.headers.emplace_back("X-A", "b");
  std::string out;
  append_response(out, r, {.date = "D"});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/json\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(ResponseText, ClosesWhenTold) {
  response r;
  r.status = 413;
  r.content_type.clear();
  std::string out;
  append_response(out, r, {.closes = true, .date = {}});
  EXPECT_EQ(out, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseText, AnswerToHeadHasTheLengthAlone) {
  response r;
  r.body = "12345";
  std::string out;
  append_response(out, r, {.without_body = true, .date = {}});
  EXPECT_TRUE(out.ends_with("Content-Length: 5\r\n\r\n")) << out;
}

TEST(ResponseText, Date) {
  EXPECT_EQ(http_date(std::chrono::system_clock::from_time_t(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseText, UnknownStatusHasAPhraseToo) {
  EXPECT_EQ(reason_phrase(299), "Unknown");
  EXPECT_EQ(reason_phrase(503), "Service Unavailable");
}

}  // namespace
}  // namespace pinhook::server
