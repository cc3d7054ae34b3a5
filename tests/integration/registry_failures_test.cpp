// A failure at each step of the flow that gets a digest, with the real HTTP client: the right error, nothing left under
// way, and the next question works.
#include "support/longest_way.hpp"
#include "support/registry_world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <tuple>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;

enum class injury : std::uint8_t {
  refused,
  reset,
  closed,
  hang,
  garbage,
  cut_head,
  endless_headers,
  truncated,
  reset_in_body,
  stall,
  endless_body,
  html,
};

struct injury_row {
  injury kind;
  const char* name;
  behaviour act;
  error_code expected;
  bool needs_body;  // has no meaning for HEAD
};
constexpr injury_row injuries[]{
    {injury::refused, "refused", behaviour::answer, error_code::unavailable, false},
    {injury::reset, "reset", behaviour::reset, error_code::unavailable, false},
    {injury::closed, "closed", behaviour::close, error_code::unavailable, false},
    {injury::hang, "hang", behaviour::hang, error_code::timed_out, false},
    {injury::garbage, "garbage", behaviour::garbage, error_code::malformed, false},
    {injury::cut_head, "cut_head", behaviour::cut_head, error_code::malformed, false},
    {injury::endless_headers, "endless_headers", behaviour::endless_headers, error_code::malformed, false},
    {injury::truncated, "truncated", behaviour::truncate, error_code::malformed, true},
    {injury::reset_in_body, "reset_in_body", behaviour::reset_in_body, error_code::unavailable, true},
    {injury::stall, "stall", behaviour::stall, error_code::timed_out, true},
    {injury::endless_body, "endless_body", behaviour::endless_body, error_code::malformed, true},
    {injury::html, "html", behaviour::answer, error_code::malformed, true},
};

class RegistryFailures : public registry_world, public ::testing::WithParamInterface<std::tuple<way_step, injury_row>> {
 protected:
  RegistryFailures() {
    for (const char* host : hosts_of_way)
      net.at(host).otherwise([this, host](const recorded_request& r) {
        const bool is_hit =
            is_broken && std::get<0>(GetParam()).is_that(host, r.method, r.path(), r.has_header("Authorization"));
        return is_hit ? broken() : healthy_answer(host, r);
      });
    net.refuses = [this](const http::request& r) {
      const auto& [at, failure] = GetParam();
      const std::string prefix = std::string("https://") + at.host;
      if (!is_broken || failure.kind != injury::refused || !r.url.starts_with(prefix + "/")) return false;
      const std::string path = r.url.substr(prefix.size(), r.url.find('?') - prefix.size());
      return at.is_that(at.host, to_string(r.verb), path, r.authorization.has_value());
    };
  }

  static reply broken() {
    const auto& failure = std::get<1>(GetParam());
    reply r = manifest_reply();
    r.act = failure.act;
    if (failure.kind == injury::html)
      r = {.headers = {{"Content-Type", "text/html"}}, .body = "<html><title>Sign in</title></html>"};
    return r;
  }

  std::atomic<bool> is_broken{true};
};

TEST_P(RegistryFailures, EndWellAndLeaveNothing) {
  const auto& [at, failure] = GetParam();
  const bool waits = failure.act == behaviour::hang || failure.act == behaviour::stall;
  // The fetch of a token goes on when the request is out of time, so it needs a limit of its own.
  const bool waits_for_token = waits && at.name == std::string_view("token");
  if (waits_for_token) options.token_limit = 2s;
  const auto got = resolve("one.example/a:1", {}, waits && !waits_for_token ? 700ms : 30s);
  ASSERT_FALSE(got);
  // A page in place of the ping names no challenge.
  const bool is_page_for_ping = at.name == std::string_view("ping") && failure.kind == injury::html;
  const auto expected = is_page_for_ping ? error_code::unauthorized : failure.expected;
  EXPECT_EQ(to_string(got.error().code), to_string(expected)) << got.error().message;
  EXPECT_NE(got.error().message.find("one.example"), std::string::npos) << got.error().message;

  is_broken = false;
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

std::string name_of(const ::testing::TestParamInfo<RegistryFailures::ParamType>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name;
}

std::vector<std::tuple<way_step, injury_row>> all_cases() {
  std::vector<std::tuple<way_step, injury_row>> out;
  for (const way_step& at : way_steps)
    for (const auto& failure : injuries)
      if (!failure.needs_body || std::string_view(at.method) == "GET") out.emplace_back(at, failure);
  return out;
}

INSTANTIATE_TEST_SUITE_P(EachStep, RegistryFailures, ::testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace pinhook::testing
