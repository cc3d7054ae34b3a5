#include <pinhook/kube/api_client.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"

#include <pinhook/kube/api_objects.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::respond;
using ::testing::StartsWith;

const std::string secret_line = "GET https://k8s.example/prefix/api/v1/namespaces/shop/secrets/pull";
const std::string account_line = "GET https://k8s.example/prefix/api/v1/namespaces/shop/serviceaccounts/default";
const std::string token_line = "POST https://k8s.example/prefix/api/v1/namespaces/shop/serviceaccounts/default/token";

http::response a_secret() {
  return respond(200, {}, R"({"kind":"Secret","apiVersion":"v1","type":"t","data":{"k":"dg=="}})");
}
http::response a_status(int code, http::headers headers = {}) {
  return respond(code, std::move(headers), R"({"kind":"Status","message":"said"})");
}
http::response a_token() {
  return respond(201, {},
                 R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1",)"
                 R"("status":{"token":"abc","expirationTimestamp":"2026-01-01T01:00:00Z"}})");
}

struct ApiClient : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  testing::temporary_directory files;
  asio::io_context io{1};
  std::vector<std::chrono::nanoseconds> waits;
  std::unique_ptr<api_client> api;

  ApiClient() { use(secret("Bearer fixed")); }
  void use(login_method login, api_client_options o = {}) {
    cluster where;
    where.server = "https://k8s.example/prefix";
    where.origin = "the test's cluster";
    where.login = std::move(login);
    api = std::make_unique<api_client>(
        std::make_shared<api_connection>(http, where, processes, io.get_executor(), time, login_options{},
                                         testing::passing_waits(time, &waits)),
        o);
  }
  deadline in(std::chrono::nanoseconds span) const { return deadline::after(time.now(), span); }
  result<secret_object> get(const std::string& ns = "shop", const std::string& name = "pull") {
    return testing::run_on(io, api->get_secret(ns, name, in(10s)));
  }
  error failure() {
    const auto got = get();
    EXPECT_FALSE(got);
    return got ? error{} : got.error();
  }
  std::vector<std::string> shown() const {
    std::vector<std::string> out;
    for (const auto& r : http.requests()) out.push_back(r.authorization ? r.authorization->reveal() : "none");
    return out;
  }
};

TEST_F(ApiClient, AsksForSecrets) {
  http.reply(secret_line, a_secret());
  const auto got = get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->type, "t");
  EXPECT_EQ(got->data.find("k")->second.reveal(), "v");
  ASSERT_EQ(http.requests().size(), 1U);
  const http::request& r = http.requests()[0];
  EXPECT_EQ(http::find_header(r.headers, "Accept"), "application/json");
  EXPECT_THAT(std::string(http::find_header(r.headers, "User-Agent").value_or("")), StartsWith("pinhook/"));
  EXPECT_EQ(r.authorization->reveal(), "Bearer fixed");
  EXPECT_EQ(r.limits.body, max_object_size);
  EXPECT_TRUE(r.tls);
  EXPECT_FALSE(r.body);
}

TEST_F(ApiClient, AsksForServiceAccounts) {
  http.reply(account_line, respond(200, {},
                                   R"({"kind":"ServiceAccount","apiVersion":"v1","metadata":{"uid":"u"},)"
                                   R"("imagePullSecrets":[{"name":"pull"}]})"));
  const auto got = testing::run_on(io, api->get_service_account("shop", "default", in(10s)));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->uid, "u");
  EXPECT_THAT(got->image_pull_secrets, ElementsAre("pull"));
}

TEST_F(ApiClient, AsksForTokens) {
  http.reply(token_line, a_token());
  const auto got = testing::run_on(io, api->request_token("shop", "default", "sts", in(10s)));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->token.reveal(), "abc");
  const http::request& r = http.requests().at(0);
  EXPECT_EQ(http::find_header(r.headers, "Content-Type"), "application/json");
  EXPECT_EQ(r.body->reveal(), token_request("sts", 3600s));
}

TEST_F(ApiClient, KeepsTheLifeOfTokensWithinBounds) {
  const std::pair<std::chrono::seconds, std::chrono::seconds> table[] = {
      {0s, 600s}, {599s, 600s}, {600s, 600s}, {1800s, 1800s}, {3601s, 3600s}};
  http.reply(token_line, a_token());
  for (const auto& [configured, requested] : table) {
    api_client_options o;
    o.token_lifetime = configured;
    use(secret("Bearer fixed"), o);
    ASSERT_TRUE(testing::run_on(io, api->request_token("shop", "default", "sts", in(10s))));
    EXPECT_EQ(http.requests().back().body->reveal(), token_request("sts", requested));
  }
}

TEST_F(ApiClient, ChecksNamesBeforeTheyArePartOfAUrl) {
  const std::pair<const char*, const char*> table[] = {
      {"", "a"},       {"../kube-system", "a"}, {"A", "a"},      {"a.b", "a"},    {"shop", ""},
      {"shop", "a/b"}, {"shop", ".."},          {"shop", "a?x"}, {"shop", "a%2f"}};
  for (const auto& [ns, name] : table) {
    const auto got = get(ns, name);
    ASSERT_FALSE(got) << ns << "/" << name;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_FALSE(testing::run_on(io, api->get_service_account(ns, name, in(10s))));
    EXPECT_FALSE(testing::run_on(io, api->request_token(ns, name, "a", in(10s))));
  }
  const auto no_audience = testing::run_on(io, api->request_token("shop", "default", "", in(10s)));
  ASSERT_FALSE(no_audience);
  EXPECT_EQ(no_audience.error().code, error_code::invalid_input);
  EXPECT_FALSE(testing::run_on(io, api->request_token("shop", "default", std::string(1025, 'a'), in(10s))));
  EXPECT_THAT(http.requests(), IsEmpty());
}

TEST_F(ApiClient, NamesTheQuestionInEachFailure) {
  http.reply(secret_line, a_status(404));
  EXPECT_EQ(failure().code, error_code::not_found);
  EXPECT_EQ(failure().message, "Kubernetes API: get secrets shop/pull: HTTP 404: not found; it says \"said\"");
  http.forget(secret_line);
  http.reply(secret_line, respond(200, {}, "hunter2"));
  EXPECT_EQ(failure().code, error_code::malformed);
  EXPECT_THAT(failure().message,
              AllOf(StartsWith("Kubernetes API: get secrets shop/pull: "), Not(HasSubstr("hunter2"))));
}

TEST_F(ApiClient, GivesUpAfterARefusalOfWhatIsFixed) {
  http.reply(secret_line, a_status(401));
  EXPECT_EQ(failure().code, error_code::unauthorized);
  EXPECT_THAT(failure().message, HasSubstr("(the test's cluster)"));
  EXPECT_EQ(http.requests().size(), 2U);  // one each
}

TEST_F(ApiClient, ShowsARenewedTokenOnceAfterARefusal) {
  const auto file = files.write("token", "one");
  use(token_file{file, {}});
  http.reply(secret_line, a_secret());
  ASSERT_TRUE(get());
  EXPECT_EQ(files.write("token", "two"), file);
  http.forget(secret_line);
  http.reply(secret_line, a_status(401));
  http.reply(secret_line, a_secret());
  ASSERT_TRUE(get());
  EXPECT_THAT(shown(), ElementsAre("Bearer one", "Bearer one", "Bearer two"));

  EXPECT_EQ(files.write("token", "three"), file);
  http.forget(secret_line);
  http.clear_requests();
  http.reply(secret_line, a_status(401));
  EXPECT_EQ(failure().code, error_code::unauthorized);
  EXPECT_THAT(shown(), ElementsAre("Bearer two", "Bearer three"));
}

TEST_F(ApiClient, RunsAPluginOnceMoreAfterARefusal) {
  exec_plugin plugin;
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.command = "login";
  use(plugin);
  const auto prints = [](const std::string& token) {
    process_output out;
    out.output =
        secret(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":")" +
               token + "\"}}");
    return out;
  };
  processes.answer(prints("one"));
  processes.answer(prints("two"));
  processes.answer(prints("two"));
  http.reply(secret_line, a_status(401));
  http.reply(secret_line, a_secret());
  http.reply(secret_line, a_status(401));
  ASSERT_TRUE(get());
  // The plugin gives the same again, so there is no other credential to try.
  EXPECT_EQ(failure().code, error_code::unauthorized);
  EXPECT_THAT(shown(), ElementsAre("Bearer one", "Bearer two", "Bearer two"));
  processes = {};
  processes.refuse({error_code::not_found, "no such program", std::nullopt});
  const error e = failure();
  EXPECT_EQ(e.code, error_code::unavailable);
  EXPECT_THAT(e.message,
              StartsWith("Kubernetes API: get secrets shop/pull: our credentials: credential plugin \"login\""));
}

TEST_F(ApiClient, AsksOnceMoreAfterABadMoment) {
  const testing::fake_http_client::outcome moments[] = {a_status(429), a_status(500), a_status(503),
                                                        fail(error_code::unavailable, "reset")};
  for (const auto& moment : moments) {
    http.forget(secret_line);
    http.clear_requests();
    http.reply(secret_line, moment);
    http.reply(secret_line, a_secret());
    EXPECT_TRUE(get());
    EXPECT_EQ(http.requests().size(), 2U);
    http.forget(secret_line);
    http.clear_requests();
    http.reply(secret_line, moment);
    EXPECT_EQ(failure().code, moment && moment->status == 429 ? error_code::rate_limited : error_code::unavailable);
    EXPECT_EQ(http.requests().size(), 2U);
  }
}

TEST_F(ApiClient, WaitsAsLongAsTheServerSaysAndTheDeadlineAllows) {
  http.reply(secret_line, a_status(429, {{"Retry-After", "3"}}));
  http.reply(secret_line, a_secret());
  EXPECT_TRUE(get());
  EXPECT_THAT(waits, ElementsAre(3s));
  http.forget(secret_line);
  http.clear_requests();
  http.reply(secret_line, a_status(429, {{"Retry-After", "30"}}));
  const error e = failure();
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_EQ(e.retry_after, 30s);
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(ApiClient, FollowsNoRedirect) {
  http.reply(secret_line, a_status(307, {{"Location", "https://elsewhere.example/"}}));
  EXPECT_EQ(failure().code, error_code::malformed);
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(ApiClient, KeepsToTheDeadline) {
  http.reply(secret_line, a_secret());
  http.hang_at(1);
  EXPECT_EQ(failure().code, error_code::timed_out);
  const auto late = testing::run_on(io, api->get_secret("shop", "pull", in(0s)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, error_code::timed_out);
  EXPECT_EQ(http.requests().size(), 1U);
}

// A failure at each step of this sequence: refused, token read again, busy, answered.
TEST_F(ApiClient, FailsAtEachStep) {
  const auto file = files.write("token", "one");
  for (std::size_t step = 1; step <= 3; ++step) {
    EXPECT_EQ(files.write("token", "one"), file);
    use(token_file{file, {}});
    http.forget(secret_line);
    http.clear_requests();
    http.answer(secret_line, [this](const http::request&) {
      const auto renewed = files.write("token", "two");
      return a_status(401);
    });
    http.reply(secret_line, a_status(503));
    http.reply(secret_line, a_secret());
    http.fail_at(step, fail(error_code::malformed, "broken"));
    const error e = failure();
    EXPECT_EQ(e.code, error_code::malformed) << step;
    EXPECT_EQ(http.requests().size(), step);
    http.heal();
  }
}

}  // namespace
}  // namespace pinhook::kube
