// A list that is kept current, against a script of answers; the script's end ends the test.
#include <pinhook/kube/object_watch.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::respond;

struct end_of_script {};

const std::string base = "GET https://k8s.example/api/v1/pods?";

std::string watch_from(const std::string& version, int seconds = 300) {
  return fmt::format("{}watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}", base, version,
                     seconds);
}

std::string object(const std::string& name, const std::string& version) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, version);
}

std::string event(const std::string& type, const std::string& of) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, of);
}

http::response list_of(const std::string& items, const std::string& version) {
  return respond(
      200, {},
      fmt::format(R"({{"kind":"PodList","metadata":{{"resourceVersion":"{}"}},"items":[{}]}})", version, items));
}

http::response status(int code, const std::string& message) {
  return respond(code, {}, fmt::format(R"({{"kind":"Status","message":"{}"}})", message));
}

struct ObjectWatch : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};
  /// What the sink was told: "begin", "put {…}", "remove {…}", "finish", "trouble …", "current".
  std::vector<std::string> told;
  std::vector<std::chrono::nanoseconds> waits;
  /// The time that each answer of a watch takes.
  std::chrono::seconds takes = 10s;

  void list(const http::response& answer) { http.reply(base + "limit=500", answer); }
  void watch(const std::string& request, const http::response& answer) {
    http.answer(request, [this, answer](const http::request&) -> result<http::response> {
      time.advance(takes);
      return answer;
    });
  }
  void end(const std::string& request) {
    http.answer(request, [](const http::request&) -> result<http::response> { throw end_of_script(); });
  }

  void run() {
    cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer fixed");
    wait_seams seams;
    seams.random = [] { return 0.0; };
    seams.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
      waits.push_back(span);
      time.advance(span);
      co_return;
    };
    api_connection to(http, where, processes, io.get_executor(), time, {}, seams);
    watch_sink sink;
    sink.begin = [this] { told.emplace_back("begin"); };
    sink.take = [this](std::string_view one) { told.push_back(fmt::format("put {}", one)); };
    sink.remove = [this](std::string_view one) { told.push_back(fmt::format("remove {}", one)); };
    sink.finish = [this] { told.emplace_back("finish"); };
    sink.on_trouble = [this](const std::optional<error>& e) {
      told.push_back(e ? "trouble " + e->message : "current");
    };
    const auto work = [](api_connection& at, watch_sink into, const clock& by, wait_seams with) -> awaitable<bool> {
      listed_resource pods{.resource = "pods"};
      co_await keep_watch(at, std::move(pods), std::move(into), {}, by, std::move(with));
      co_return true;
    };
    EXPECT_THROW((void)testing::run_on(io, work(to, sink, time, seams)), end_of_script);
  }
};

TEST_F(ObjectWatch, ListsThenFollows) {
  list(list_of(object("a", "1"), "5"));
  watch(watch_from("5"), respond(200, {}, event("ADDED", object("b", "6")) + event("DELETED", object("a", "7"))));
  watch(watch_from("7"), respond(200, {}, event("BOOKMARK", object("", "9"))));
  end(watch_from("9"));
  run();
  EXPECT_THAT(told, ElementsAre("begin", "put " + object("a", "1"), "finish", "put " + object("b", "6"),
                                "remove " + object("a", "7")));
  EXPECT_THAT(waits, ElementsAre());
}

TEST_F(ObjectWatch, ReadsTheListAgainWhenItsVersionIsForgotten) {
  list(list_of("", "5"));
  list(list_of(object("b", "8"), "9"));
  list(list_of("", "12"));
  watch(watch_from("5"), respond(200, {}, event("ERROR", R"({"kind":"Status","code":410,"message":"too old"})")));
  watch(watch_from("9"), status(410, "too old"));
  end(watch_from("12"));
  run();
  EXPECT_THAT(told, ElementsAre("begin", "finish", "begin", "put " + object("b", "8"), "finish", "begin", "finish"));
  EXPECT_THAT(waits, ElementsAre());
}

TEST_F(ObjectWatch, WaitsLongerEachTimeAndGoesOnWhereItWas) {
  list(list_of("", "5"));
  watch(watch_from("5"), respond(200, {}, event("ADDED", object("b", "6")) + event("ERROR", R"({"code":500})")));
  for (int i = 0; i < 4; ++i) watch(watch_from("6", 1), status(503, "down"));
  watch(watch_from("6", 1), respond(200));
  end(watch_from("6"));
  run();
  ASSERT_EQ(told.size(), 9U);
  EXPECT_THAT(told[3], HasSubstr("trouble "));
  EXPECT_EQ(told.back(), "current");
  // Each failed try of a list is made twice, a watch is not. Half of 1, 2, 4 … s with the jitter at its least.
  EXPECT_THAT(waits, ElementsAre(500ms, 1s, 2s, 4s, 8s));
}

TEST_F(ObjectWatch, KeepsWhatItHasWhenTheListFails) {
  list(status(403, "no"));
  list(list_of("", "5"));
  end(watch_from("5"));
  run();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[0], "begin");
  EXPECT_THAT(told[1], HasSubstr("verb \"list\" on resource \"pods\""));
  EXPECT_THAT(std::vector(told.begin() + 2, told.end()), ElementsAre("begin", "finish", "current"));
  EXPECT_THAT(waits, ElementsAre(120s));
}

TEST_F(ObjectWatch, IsNotSentInACircleByWatchesThatEndAtOnce) {
  takes = 0s;
  list(list_of("", "5"));
  watch(watch_from("5"), respond(200));
  watch(watch_from("5"), respond(200));
  end(watch_from("5"));
  run();
  EXPECT_THAT(waits, ElementsAre(1s, 1s));
}

TEST_F(ObjectWatch, TakesSilenceForNoFailure) {
  list(list_of("", "5"));
  http.answer(watch_from("5"), [this](const http::request& r) -> result<http::response> {
    EXPECT_EQ(r.stall_time, 150s);
    time.advance(150s);
    return fail(error_code::unavailable, "no data for too long");
  });
  end(watch_from("5"));
  run();
  EXPECT_THAT(told, ElementsAre("begin", "finish"));
}

TEST_F(ObjectWatch, NamesAnswersThatAreNone) {
  list(list_of("", ""));
  list(list_of("", "5"));
  watch(watch_from("5"), respond(200, {}, "<html>\n"));
  end(watch_from("5", 1));
  run();
  ASSERT_EQ(told.size(), 6U);
  EXPECT_THAT(told[1], HasSubstr("no resourceVersion"));
  EXPECT_THAT(told[5], HasSubstr("watch pods in all namespaces: not valid JSON"));
}

}  // namespace
}  // namespace pinhook::kube
