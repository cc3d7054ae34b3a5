#include <pinhook/kube/watch_events.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct event_case {
  const char* name;
  std::string line;
  watch_event_kind kind;
  std::string object, version, message;
};
std::ostream& operator<<(std::ostream& out, const event_case& c) { return out << c.name; }

class WatchEvent : public ::testing::TestWithParam<event_case> {};

TEST_P(WatchEvent, IsRead) {
  const auto& c = GetParam();
  const auto got = read_watch_event(c.line);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->kind, c.kind);
  if (!c.object.empty()) {
    EXPECT_EQ(got->object, c.object);
  }
  EXPECT_EQ(got->version, c.version);
  EXPECT_EQ(got->message, c.message);
}

const std::string web = R"({"metadata":{"name":"web","resourceVersion":"7"}})";

INSTANTIATE_TEST_SUITE_P(
    , WatchEvent,
    ::testing::Values(
        event_case{"Added", R"({"type":"ADDED","object":)" + web + "}", watch_event_kind::put, web, "7", ""},
        event_case{"Modified", R"({"object":)" + web + R"(,"type":"MODIFIED"})", watch_event_kind::put, web, "7", ""},
        event_case{"Deleted", R"({"type":"DELETED","object":)" + web + "}", watch_event_kind::removed, web, "7", ""},
        event_case{"Bookmark", R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})",
                   watch_event_kind::bookmark, "", "9", ""},
        event_case{"Unknown", R"({"type":"NEWS","object":{}})", watch_event_kind::bookmark, "", "", ""},
        event_case{"Expired", R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})",
                   watch_event_kind::expired, "", "", "too old"},
        event_case{"Failed", R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd"}})",
                   watch_event_kind::failed, "", "", "etcd"},
        event_case{"VersionIsNoText", R"({"type":"ADDED","object":{"metadata":{"resourceVersion":7}}})",
                   watch_event_kind::put, "", "", ""}),
    [](const auto& one) { return one.param.name; });

TEST(WatchEvents, RefusesWhatIsNone) {
  for (const std::string line :
       {"[]", "{}", R"({"type":"ADDED"})", R"({"object":{}})", "<html>", R"({"type":"ADDED","object":{)"})
    EXPECT_FALSE(read_watch_event(line)) << line;
}

TEST(WatchReader, ReadsEventsFromPiecesOfAnySize) {
  const std::string text = R"({"type":"ADDED","object":{"a":1}})"
                           "\n\r\n"
                           R"({"type":"DELETED","object":{"b":2}})"
                           "\n";
  for (const std::size_t step : {1U, 3U, 34U, 1000U}) {
    watch_reader reader;
    std::vector<std::string> got;
    for (std::size_t i = 0; i < text.size(); i += step) {
      const auto ok = reader.take(std::string_view(text).substr(i, step), [&](const watch_event& one) {
        got.emplace_back(one.object);
        return result<void>();
      });
      ASSERT_TRUE(ok) << ok.error().message;
    }
    EXPECT_THAT(got, ElementsAre(R"({"a":1})", R"({"b":2})")) << step;
  }
}

TEST(WatchReader, BoundsAnEvent) {
  watch_reader reader;
  const std::string piece(watch_reader::max_event_size / 2, 'x');
  const watch_reader::event_sink none = [](const watch_event&) { return result<void>(); };
  EXPECT_TRUE(reader.take(piece, none));
  EXPECT_TRUE(reader.take(piece, none));
  const auto over = reader.take("x", none);
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error().message, HasSubstr("larger than"));
}

}  // namespace
}  // namespace pinhook::kube
