#include <pinhook/cloud/azure_credentials.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/gather.hpp"
#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <pinhook/cloud/azure_principal.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::respond;
using ::testing::StartsWith;
using answer = result<std::vector<registry::credential>>;

constexpr const char* imds_line =
    "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
    "&resource=https%3A%2F%2Fcontainerregistry.azure.net";
constexpr const char* authority_line = "POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token";
constexpr const char* exchange_line = "POST https://acme1.azurecr.io/oauth2/exchange";
// {"exp":1767236400}: three hours after the fake clock's start.
const std::string refresh_token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NjcyMzY0MDB9.one";

registry::reference ref(const std::string& text) { return *registry::reference::parse(text); }

http::response azure_grants(const std::string& token = "azure-secret") {
  return respond(200, {}, R"({"access_token":")" + token + R"(","expires_in":"86399","token_type":"Bearer"})");
}
http::response registry_grants(const std::string& token = refresh_token) {
  return respond(200, {}, R"({"refresh_token":")" + token + "\"}");
}

struct AzureCredentials : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  testing::fake_http_client api{time};
  testing::fake_http_client metadata{time};
  testing::temporary_directory dir;
  environment variables;
  std::optional<azure_credentials> source;

  azure_credentials& azure() {
    if (!source) source.emplace(api, metadata, io.get_executor(), time, variables);
    return *source;
  }
  void be_a_workload() {
    variables = {{"AZURE_FEDERATED_TOKEN_FILE", dir.write("token", "subject-secret\n").string()},
                 {"AZURE_CLIENT_ID", "client-1"},
                 {"AZURE_TENANT_ID", "tenant-1"},
                 {"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"}};
  }
  answer ask(const std::string& image = "acme1.azurecr.io/a:1", std::chrono::nanoseconds within = 30s) {
    return testing::run_on(io, azure().credentials_for(ref(image), deadline::after(time.now(), within)));
  }
  std::string token_of(const answer& got) {
    if (!got) {
      for (const char* one : {"azure-secret", "subject-secret", "refresh-secret"})
        EXPECT_THAT(got.error().message, Not(HasSubstr(one)));
      return got.error().message;
    }
    return got->empty() ? "none" : got->at(0).secret.reveal();
  }
};

TEST_F(AzureCredentials, ChangesTheMachinesTokenForTheRegistrys) {
  metadata.reply(imds_line, azure_grants());
  api.reply(exchange_line, registry_grants());
  const auto got = ask();
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), 1U);
  const auto& one = got->at(0);
  EXPECT_TRUE(one.cloud_minted);
  EXPECT_EQ(one.kind, registry::credential_kind::identity_token);
  EXPECT_EQ(one.username, "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(one.secret.reveal(), refresh_token);
  EXPECT_EQ(one.source, "Azure");
  EXPECT_EQ(one.identity, keyed_hash("azure\nacme1.azurecr.io"));
  EXPECT_EQ(azure().identity_for(ref("acme1.azurecr.io/b:2")), one.identity);
  EXPECT_TRUE(azure().may_apply_to(ref("acme1.azurecr.io/b:2")));
  EXPECT_NE(azure().identity_for(ref("acme2.azurecr.io/b:2")), one.identity);
  EXPECT_EQ(http::find_header(metadata.requests().at(0).headers, "Metadata"), "true");
  EXPECT_EQ(api.requests().at(0).body->reveal(),
            "grant_type=access_token&service=acme1.azurecr.io&access_token=azure-secret");
  const auto matches = azure().matches(ref("acme1.azurecr.io/b:2"));
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].source, "Azure");
  EXPECT_EQ(matches[0].pattern, "container registry acme1");
}

// The registry's token ends three hours after the fake clock's start, by the registry's clock, which says when it is.
TEST_F(AzureCredentials, AClockThatIsBehindKeepsNoTokenBeyondItsEnd) {
  metadata.reply(imds_line, azure_grants());
  auto granted = registry_grants();
  granted.headers.push_back({"Date", "Thu, 01 Jan 2026 00:00:00 GMT"});
  api.reply(exchange_line, granted);
  api.reply(exchange_line, respond(500));
  time.set_wall(-3h);
  EXPECT_EQ(token_of(ask()), refresh_token);
  time.advance(3h);
  EXPECT_THAT(token_of(ask()), HasSubstr("HTTP 500"));
}

TEST_F(AzureCredentials, ChangesTheWorkloadsTokenForTheRegistrys) {
  be_a_workload();
  api.reply(authority_line, azure_grants());
  api.reply(exchange_line, registry_grants());
  EXPECT_EQ(token_of(ask()), refresh_token);
  EXPECT_THAT(api.lines(), ElementsAre(authority_line, exchange_line));
  EXPECT_THAT(api.requests().at(0).body->reveal(), HasSubstr("&client_assertion=subject-secret"));
  EXPECT_THAT(api.requests().at(1).body->reveal(), HasSubstr("&tenant=tenant-1&"));
  EXPECT_TRUE(metadata.requests().empty());
}

TEST_F(AzureCredentials, ReadsTheWorkloadsTokenOnEachUse) {
  be_a_workload();
  api.reply(authority_line, azure_grants());
  api.reply(exchange_line, registry_grants("opaque"));
  EXPECT_EQ(token_of(ask()), "opaque");
  dir.write("token", "subject-2");
  time.advance(24h);
  EXPECT_EQ(token_of(ask()), "opaque");
  EXPECT_THAT(api.requests().at(2).body->reveal(), HasSubstr("&client_assertion=subject-2"));
}

TEST_F(AzureCredentials, GivesOthersNothing) {
  for (const char* image : {"nginx", "mcr.microsoft.com/a:1", "acme1.eastus.data.azurecr.io/a:1",
                            "acme1.azurecr.io.evil.example/a:1", "acme1.azurecr.io:5000/a:1"}) {
    EXPECT_EQ(token_of(ask(image)), "none") << image;
    EXPECT_EQ(azure().identity_for(ref(image)), "anonymous") << image;
    EXPECT_FALSE(azure().may_apply_to(ref(image))) << image;
    EXPECT_TRUE(azure().matches(ref(image)).empty()) << image;
    EXPECT_FALSE(azure().forget(ref(image))) << image;
  }
  EXPECT_TRUE(metadata.requests().empty());
  EXPECT_TRUE(api.requests().empty());
}

TEST_F(AzureCredentials, OneAzureTokenServesAllRegistries) {
  metadata.reply(imds_line, azure_grants());
  api.reply(exchange_line, registry_grants("one"));
  api.reply("POST https://acme2.azurecr.cn/oauth2/exchange", registry_grants("two"));
  std::vector<awaitable<answer>> all;
  for (const char* image : {"acme1.azurecr.io/a:1", "acme2.azurecr.cn/a:1", "acme1.azurecr.io/b:1"})
    all.push_back(azure().credentials_for(ref(image), deadline::after(time.now(), 30s)));
  std::vector<std::string> tokens;
  for (const auto& got : testing::gather(io, std::move(all))) tokens.push_back(token_of(got));
  EXPECT_THAT(tokens, ElementsAre("one", "two", "one"));
  EXPECT_EQ(metadata.requests().size(), 1U);
  EXPECT_EQ(api.requests().size(), 2U);
}

TEST_F(AzureCredentials, HoldsTheRegistrysTokenByItsExp) {
  metadata.reply(imds_line, azure_grants());
  api.reply(exchange_line, registry_grants());
  api.reply(exchange_line, registry_grants("later"));
  EXPECT_EQ(token_of(ask()), refresh_token);
  time.advance(8640s - 1s);  // four fifths of three hours
  EXPECT_EQ(token_of(ask()), refresh_token);
  EXPECT_EQ(api.requests().size(), 1U);
  time.advance(1s);
  EXPECT_EQ(token_of(ask()), refresh_token) << "the old one serves while the new one comes";
  io.restart();
  io.poll();
  EXPECT_EQ(token_of(ask()), "later");
}

TEST_F(AzureCredentials, ForgetsTheRegistrysTokenAlone) {
  metadata.reply(imds_line, azure_grants());
  api.reply(exchange_line, registry_grants("one"));
  api.reply(exchange_line, registry_grants("two"));
  EXPECT_FALSE(azure().forget(ref("acme1.azurecr.io/a:1")));
  EXPECT_EQ(token_of(ask()), "one");
  EXPECT_FALSE(azure().forget(ref("acme2.azurecr.io/a:1")));
  EXPECT_TRUE(azure().forget(ref("acme1.azurecr.io/a:1")));
  EXPECT_FALSE(azure().forget(ref("acme1.azurecr.io/a:1")));
  EXPECT_EQ(token_of(ask()), "two");
  EXPECT_EQ(metadata.requests().size(), 1U);
}

struct failure_row {
  testing::fake_http_client::outcome outcome;
  error_code code;
  std::string says;
};

// The failures of any step; `echo` is a secret that was sent in it.
std::vector<failure_row> failures(const std::string& echo) {
  return {{fail(error_code::unavailable, "connection refused"), error_code::unavailable, "connection refused"},
          {fail(error_code::timed_out, "no answer in time"), error_code::timed_out, "no answer in time"},
          {fail(error_code::malformed, "more than 65536 bytes"), error_code::malformed, "65536"},
          {respond(400, {}, R"({"error":"invalid_client","error_description":"AADSTS7: )" + echo + "\"}"),
           error_code::denied, R"(HTTP 400, "invalid_client": "AADSTS7: )"},
          {respond(401, {}, R"({"errors":[{"code":"UNAUTHORIZED","message":"no"}]})"), error_code::denied,
           R"(HTTP 401, "UNAUTHORIZED": "no")"},
          {respond(404), error_code::denied, "HTTP 404"},
          {respond(429, {{"Retry-After", "3"}}), error_code::rate_limited, "HTTP 429"},
          {respond(503, {}, "oops"), error_code::unavailable, "HTTP 503, \"oops\""},
          {respond(307, {{"Location", "https://evil.example/"}}), error_code::malformed, "not followed"},
          {respond(200, {}, "{"), error_code::malformed, ""},
          {respond(200, {}, "{}"), error_code::malformed, "has no \""},
          {respond(200, {}, R"({"Access_Token":"azure-secret","Refresh_Token":"refresh-secret","expires_in":1})"),
           error_code::malformed, "has no \""},
          {respond(200, {},
                   R"({"access_token":")" + std::string(17'000, 'x') + R"(","refresh_token":")" +
                       std::string(17'000, 'x') + R"(","expires_in":1})"),
           error_code::malformed, "17000 bytes"}};
}

TEST_F(AzureCredentials, FailuresNameTheStep) {
  struct place {
    bool is_workload;
    std::size_t request;  // of those to public APIs; 0: the metadata service
    std::string step, echo;
  };
  for (const auto& [is_workload, request, step, echo] :
       {place{false, 0, "Azure: managed identity: ", "nothing"},
        place{false, 1, "Azure: token exchange at acme1.azurecr.io: ", "azure-secret"},
        place{true, 1, "Azure: workload identity: ", "subject-secret"},
        place{true, 2, "Azure: token exchange at acme1.azurecr.io: ", "azure-secret"}}) {
    for (const auto& [outcome, code, says] : failures(echo)) {
      source.reset();
      variables.clear();
      if (is_workload) be_a_workload();
      testing::fake_http_client fresh_api(time);
      testing::fake_http_client fresh_metadata(time);
      fresh_metadata.reply(imds_line, azure_grants());
      fresh_api.reply(authority_line, azure_grants());
      fresh_api.reply(exchange_line, registry_grants());
      if (request == 0)
        fresh_metadata.fail_at(1, outcome);
      else
        fresh_api.fail_at(request, outcome);
      azure_credentials own(fresh_api, fresh_metadata, io.get_executor(), time, variables);
      const auto got =
          testing::run_on(io, own.credentials_for(ref("acme1.azurecr.io/a:1"), deadline::after(time.now(), 30s)));
      ASSERT_FALSE(got) << step << says;
      EXPECT_EQ(got.error().code, code) << step << says;
      EXPECT_THAT(token_of(got), StartsWith(step));
      EXPECT_THAT(token_of(got), HasSubstr(says));
      EXPECT_LT(got.error().message.size(), 500U);
    }
  }
}

TEST_F(AzureCredentials, FilesThatFailAreNamedAndFallToNobodyElse) {
  struct row {
    std::string file;
    error_code code;
    std::string says;
  };
  for (const auto& [file, code, says] : {row{(dir.path() / "none").string(), error_code::unavailable, "cannot read "},
                                         row{dir.path().string(), error_code::unavailable, "cannot read "},
                                         row{dir.write("empty", " \n").string(), error_code::invalid_input, "is empty"},
                                         row{dir.write("big", std::string(max_federated_token_size + 1, 'x')).string(),
                                             error_code::invalid_input, "has more than 16384 bytes"}}) {
    source.reset();
    be_a_workload();
    variables["AZURE_FEDERATED_TOKEN_FILE"] = file;
    const auto got = ask();
    ASSERT_FALSE(got) << file;
    EXPECT_EQ(got.error().code, code) << file;
    EXPECT_THAT(token_of(got), StartsWith("Azure: AZURE_FEDERATED_TOKEN_FILE: "));
    EXPECT_THAT(token_of(got), HasSubstr(says));
  }
  EXPECT_TRUE(metadata.requests().empty());
  EXPECT_TRUE(api.requests().empty());
}

TEST_F(AzureCredentials, WhatIsConfiguredWrongIsSaid) {
  variables = {{"AZURE_CLIENT_SECRET", "azure-secret"}};
  EXPECT_THAT(token_of(ask()), StartsWith("Azure: AZURE_CLIENT_SECRET is set"));
  source.reset();
  be_a_workload();
  variables["AZURE_AUTHORITY_HOST"] = "https://evil.example";
  EXPECT_THAT(token_of(ask()), StartsWith("Azure: AZURE_AUTHORITY_HOST is \"https://evil.example\""));
  EXPECT_TRUE(api.requests().empty());
}

TEST_F(AzureCredentials, AFailureIsHeldForAWhileAndOthersAreNotTouched) {
  metadata.reply(imds_line, azure_grants());
  api.reply(exchange_line, respond(401));
  api.reply(exchange_line, registry_grants("late"));
  api.reply("POST https://acme2.azurecr.io/oauth2/exchange", registry_grants("two"));
  EXPECT_EQ(token_of(ask()), "Azure: token exchange at acme1.azurecr.io: HTTP 401");
  EXPECT_EQ(token_of(ask()), "Azure: token exchange at acme1.azurecr.io: HTTP 401");
  EXPECT_EQ(token_of(ask("acme2.azurecr.io/a:1")), "two");
  EXPECT_EQ(api.requests().size(), 2U);
  time.advance(5s);
  EXPECT_EQ(token_of(ask()), "late");
}

TEST_F(AzureCredentials, EachAnswerHasItsTime) {
  metadata.hang_at(1);
  const auto before = time.now();
  EXPECT_EQ(token_of(ask()), "Azure: managed identity: no answer in time");
  EXPECT_EQ(time.now() - before, 2s) << "not more of the caller's time";
  time.advance(5s);
  metadata.reply(imds_line, azure_grants());
  api.hang_at(1);
  const auto start = time.now();
  EXPECT_THAT(token_of(ask()), StartsWith("Azure: "));
  EXPECT_EQ(time.now() - start, 10s);
}

// Answers nothing until it is destroyed or cancelled.
class silent_client final : public http::client {
 public:
  explicit silent_client(asio::io_context& io) : io_(io) {}
  awaitable<result<http::response>> send(http::request, deadline) override {
    ++asked;
    asio::steady_timer never(io_, steady_time::max());
    co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return fail(error_code::canceled, "gave up");
  }
  int asked = 0;

 private:
  asio::io_context& io_;
};

TEST(AzureCredentialsInTime, WhoRunsOutOfPatienceLeavesAndTheFetchGoesOn) {
  asio::io_context io(1);
  silent_client silent(io);
  azure_credentials source(silent, silent, io.get_executor(), machine_clock(), environment{});
  for (int i = 0; i < 2; ++i) {
    const auto d = deadline::after(machine_clock().now(), 2ms);
    const auto got = testing::run_on(io, source.credentials_for(ref("acme1.azurecr.io/a:1"), d));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::timed_out);
    EXPECT_EQ(got.error().message, "Azure: no answer in time");
  }
  EXPECT_EQ(silent.asked, 1) << "one fetch, under its own limit";
}

TEST(AzureCredentialsAtTheEnd, GoesWhileFetchesAreUnderWay) {
  for (const bool runs_afterwards : {true, false}) {
    asio::io_context io(1);
    silent_client silent(io);
    testing::fake_clock time;
    auto source = std::make_unique<azure_credentials>(silent, silent, io.get_executor(), time, environment{});
    std::optional<answer> got;
    auto keep = [](awaitable<answer> inner, std::optional<answer>& out) -> awaitable<void> {
      out.emplace(co_await std::move(inner));
    };
    asio::co_spawn(io, keep(source->credentials_for(ref("acme1.azurecr.io/a:1"), deadline::never()), got),
                   [](const std::exception_ptr&) {});
    io.poll();
    EXPECT_EQ(silent.asked, 1);
    source.reset();
    EXPECT_FALSE(got);
    io.restart();
    if (!runs_afterwards) continue;
    io.poll();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->error().code, error_code::canceled);
    EXPECT_EQ(silent.asked, 1) << "no request is sent afterwards";
  }
}

TEST_F(AzureCredentials, ATokenFileThatHangsHoldsNobodyUp) {
  testing::hanging_file hangs;
  be_a_workload();
  variables["AZURE_FEDERATED_TOKEN_FILE"] = hangs.path();
  source.emplace(api, metadata, io.get_executor(), machine_clock(), variables);
  const auto d = deadline::after(machine_clock().now(), 20ms);
  const auto got = testing::run_on(io, source->credentials_for(ref("acme1.azurecr.io/a:1"), d));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_EQ(side_threads(), 1U) << "the read is left behind";
  // Another registry has no part in it.
  EXPECT_EQ(token_of(ask("ghcr.io/a/b:1")), "none");
}

}  // namespace
}  // namespace pinhook::cloud
