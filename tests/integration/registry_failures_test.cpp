// A failure at each step of the flow that gets a digest, with the real HTTP client: the right error, nothing left under
// way, and the next question works.
#include "support/registry_world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <tuple>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;

// The longest way: a request without credentials is refused without a challenge, the ping names a realm on another
// host, HEAD has no digest, and GET is redirected.
enum class step : std::uint8_t { first_head, ping, token, head, get, redirected_get };

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

struct step_row {
  step at;
  const char* name;
  const char* host;
  const char* method;
  const char* path;
  bool has_authorization;
};
constexpr step_row steps[]{
    {step::first_head, "first_head", "one.example", "HEAD", "/v2/a/manifests/1", false},
    {step::ping, "ping", "one.example", "GET", "/v2/", false},
    {step::token, "token", "auth.example", "GET", "/token", false},
    {step::head, "head", "one.example", "HEAD", "/v2/a/manifests/1", true},
    {step::get, "get", "one.example", "GET", "/v2/a/manifests/1", true},
    {step::redirected_get, "redirected_get", "cdn.example", "GET", "/m", false},
};

class RegistryFailures : public registry_world, public ::testing::WithParamInterface<std::tuple<step_row, injury_row>> {
 protected:
  RegistryFailures() {
    for (const char* host : {"one.example", "auth.example", "cdn.example"})
      net.at(host).otherwise([this, host](const recorded_request& r) {
        return is_broken && is_the_step(host, r.method, r.path(), r.has_header("Authorization")) ? broken()
                                                                                                 : healthy(host, r);
      });
    net.refuses = [this](const http::request& r) {
      const auto& [at, failure] = GetParam();
      const std::string prefix = std::string("https://") + at.host;
      if (!is_broken || failure.kind != injury::refused || !r.url.starts_with(prefix + "/")) return false;
      const std::string path = r.url.substr(prefix.size(), r.url.find('?') - prefix.size());
      return is_the_step(at.host, std::string(to_string(r.verb)), path, r.authorization.has_value());
    };
  }

  static bool is_the_step(const std::string& host, const std::string& method, const std::string& path, bool shown) {
    const auto& at = std::get<0>(GetParam());
    return host == at.host && method == at.method && path == at.path && shown == at.has_authorization;
  }

  static reply broken() {
    const auto& failure = std::get<1>(GetParam());
    reply r = manifest_reply();
    r.act = failure.act;
    if (failure.kind == injury::html)
      r = {.headers = {{"Content-Type", "text/html"}}, .body = "<html><title>Sign in</title></html>"};
    return r;
  }

  static reply healthy(const std::string& host, const recorded_request& r) {
    if (host == "auth.example") return token_reply(R"({"token":"token-1"})");
    if (host == "cdn.example") return without_digest(manifest_reply());
    if (r.path() == "/v2/") return challenge("Bearer realm=\"https://auth.example/token\",service=\"s\"");
    if (r.header("Authorization") != "Bearer token-1") return refusal(401, "UNAUTHORIZED");
    if (r.method == "HEAD") return without_digest(manifest_reply());
    return {.status = 307, .headers = {{"Location", "https://cdn.example/m"}}};
  }

  std::atomic<bool> is_broken{true};
};

TEST_P(RegistryFailures, EndWellAndLeaveNothing) {
  const auto& [at, failure] = GetParam();
  const bool waits = failure.act == behaviour::hang || failure.act == behaviour::stall;
  // The fetch of a token goes on when the request is out of time, so it needs a limit of its own.
  const bool waits_for_token = waits && at.at == step::token;
  if (waits_for_token) options.token_limit = 2s;
  const auto got = resolve("one.example/a:1", {}, waits && !waits_for_token ? 700ms : 30s);
  ASSERT_FALSE(got);
  // A page in place of the ping names no challenge.
  const bool is_page_for_ping = at.at == step::ping && failure.kind == injury::html;
  const auto expected = is_page_for_ping ? error_code::unauthorized : failure.expected;
  EXPECT_EQ(to_string(got.error().code), to_string(expected)) << got.error().message;
  EXPECT_NE(got.error().message.find("one.example"), std::string::npos) << got.error().message;

  is_broken = false;
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

std::string name_of(const ::testing::TestParamInfo<RegistryFailures::ParamType>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name;
}

std::vector<std::tuple<step_row, injury_row>> all_cases() {
  std::vector<std::tuple<step_row, injury_row>> out;
  for (const auto& at : steps)
    for (const auto& failure : injuries)
      if (!failure.needs_body || std::string_view(at.method) == "GET") out.emplace_back(at, failure);
  return out;
}

INSTANTIATE_TEST_SUITE_P(EachStep, RegistryFailures, ::testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace pinhook::testing
