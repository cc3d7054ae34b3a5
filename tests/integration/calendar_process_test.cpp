// `pinhook serve` as a real process on a machine whose calendar is set while it runs: all waits are by the steady
// clock, so look-ups go on as before. Only what has a date of its own changes: headers, logs, the validity of
// certificates.
#include "support/paths.hpp"
#include "support/serve_process.hpp"

#include <pinhook/http/answer_time.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;

class CalendarProcess : public ServeProcess {
 protected:
  CalendarProcess() {
    file_ = files_.write("calendar", std::string(sizeof(std::int64_t), '\0')).string();
    environment_.push_back("LD_PRELOAD=" + calendar_library_path() + ":" + names_library_path());
    environment_.push_back("TEST_CALENDAR=" + file_);
  }

  // Of the whole process, from now on.
  void set(std::chrono::seconds forward) const {
    const std::int64_t seconds = forward.count();
    const int fd = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(fd, &seconds, sizeof seconds, 0), static_cast<ssize_t>(sizeof seconds));
    ::close(fd);
  }
  // By its answers; nothing where it does not answer.
  std::chrono::seconds ahead() const {
    const auto r = https_client(admin_port_, {.tls = false}).ask(get("/livez"));
    const auto date = http::parse_date(r ? r->header("date") : "");
    if (!date) return 0s;
    return std::chrono::round<std::chrono::minutes>(*date - std::chrono::system_clock::now());
  }
  bool is_pinned(const std::string& tag) { return is_pinned(tag, registry_.host()); }
  bool is_pinned(const std::string& tag, const std::string& host) {
    registry_.on("HEAD", "/v2/a/manifests/" + tag, digest_reply());
    const std::string object = demo::make_deployment("d", 1, {{"web", host + "/a:" + tag}});
    const auto r =
        https_client(port_).ask(post("/v1/pin/enforce?timeout=3s", demo::make_review("the-uid", object, {})));
    if (!r) return false;
    const auto read = demo::read_answer(r->body, "the-uid", object);
    return read && read->allowed && read->object.contains(some_digest);
  }

  std::string file_;
};

TEST_F(CalendarProcess, NewTagsAreServedWhereverItIsSet) {
  start();
  EXPECT_TRUE(is_pinned("warm"));
  int tag = 0;
  for (const auto forward : {-3h, -240h, 3h, 240h, 0h}) {
    set(forward);
    EXPECT_EQ(ahead(), forward);
    EXPECT_TRUE(is_pinned(std::to_string(++tag))) << forward.count() << " h";
    EXPECT_TRUE(is_pinned("warm")) << forward.count() << " h";
    EXPECT_EQ(admin("/readyz", 200), "ready\n");
  }
  EXPECT_EQ(end(), 0) << process_->errors();
}

// libcurl counts the age of an address by the calendar, so a name that moved would be sought where it was for as long
// as the calendar was set back.
TEST_F(CalendarProcess, ARegistryThatMovedIsFoundWhenItWasSetBack) {
  const std::string host = "registry.test:" + std::to_string(registry_.port());
  name_registries({});
  environment_.back() = "PINHOOK_REGISTRIES={\"" + host + "\": {\"plain_http\": true}}";
  // Nothing listens on the first address.
  environment_.push_back("TEST_NAMES=" + files_.write("names", "registry.test 127.0.0.2\n").string());
  start();
  EXPECT_FALSE(is_pinned("1", host));
  files_.write("names", "registry.test 127.0.0.1\n");
  set(-3h);
  EXPECT_TRUE(is_pinned("2", host));
  EXPECT_EQ(end(), 0) << process_->errors();
}

}  // namespace
}  // namespace pinhook::testing
