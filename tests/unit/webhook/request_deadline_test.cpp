#include <pinhook/webhook/request_deadline.hpp>

#include <gtest/gtest.h>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;

TEST(RequestDeadline, TakesTheSoonerOfTimeoutAndLimit) {
  const steady_time now{1h};
  const config::settings::deadline_settings rule{.limit = 8s, .margin = 500ms};
  struct sample {
    const char* timeout;
    std::chrono::nanoseconds left;
  };
  for (const sample& s : {
           sample{"10s", 8s},
           sample{"5s", 4500ms},
           sample{"1m30s", 8s},
           sample{"8.5s", 8s},
           sample{"1s", 500ms},
           sample{"600ms", 300ms},  // half of it: the margin would leave next to nothing
           sample{"100ms", 50ms},
           sample{"", 8s},
           sample{"0", 8s},
           sample{"0s", 8s},
           sample{"10", 8s},
           sample{"soon", 8s},
           sample{"-1s", 8s},
           sample{"99999999999999h", 8s},
       })
    EXPECT_EQ(request_deadline(now, s.timeout, rule).remaining(now), s.left) << s.timeout;
}

}  // namespace
}  // namespace pinhook::webhook
