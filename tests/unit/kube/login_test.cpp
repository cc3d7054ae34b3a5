#include <pinhook/kube/login.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_process_runner.hpp"
#include "support/gather.hpp"
#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::temporary_directory;

struct Login : ::testing::Test {
  testing::fake_clock time;
  testing::fake_process_runner processes;
  asio::io_context io{1};
  temporary_directory files;
  cluster where;
  std::unique_ptr<login> credentials;

  Login() {
    where.server = "https://k8s.example";
    where.tls.authorities.push_back({"", secret("PEM")});
  }
  void use(login_method method) {
    where.login = std::move(method);
    credentials = std::make_unique<login>(std::make_shared<const cluster>(where), processes, io.get_executor(), time);
  }
  void use_plugin() {
    exec_plugin p;
    p.api_version = "client.authentication.k8s.io/v1";
    p.command = "login";
    p.install_hint = "apt install login";
    use(std::move(p));
  }
  void use_file(const std::string& text, const std::string& otherwise = "") {
    use(token_file{files.write("token", text), secret(otherwise)});
  }
  void prints(const std::string& token, const std::string& until = "") {
    process_output out;
    out.output =
        secret(R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":")" +
               token + "\"" + (until.empty() ? "" : R"(,"expirationTimestamp":")" + until + "\"") + "}}");
    processes.answer(std::move(out));
  }
  result<login::shown> show() { return testing::run_on(io, credentials->show(deadline::after(time.now(), 10s))); }
  std::string authorization() {
    const auto got = show();
    if (!got) return std::string(to_string(got.error().code)) + ": " + got.error().message;
    return got->authorization ? got->authorization->reveal() : "none";
  }
  // Whether another try is worthwhile after the present credential was refused.
  bool renew() { return renew(*show()); }
  bool renew(login::shown refused) {
    return testing::run_on(io, credentials->renew(std::move(refused), deadline::after(time.now(), 10s)));
  }
};

TEST_F(Login, ShowsWhatIsFixed) {
  use(secret("Basic dTpw"));
  EXPECT_EQ(authorization(), "Basic dTpw");
  EXPECT_EQ(show()->tls->authorities.at(0).text.reveal(), "PEM");
  EXPECT_FALSE(renew());
  use(std::monostate());
  EXPECT_EQ(authorization(), "none");
  EXPECT_FALSE(renew());
}

TEST_F(Login, ShowsNothingWithoutTls) {
  where.server = "http://k8s.example";
  use(secret("Bearer abc"));
  EXPECT_EQ(authorization(), "none");
  EXPECT_EQ(show()->tls, nullptr);
  EXPECT_FALSE(renew());
  use_plugin();
  EXPECT_EQ(authorization(), "none");
  EXPECT_TRUE(processes.calls().empty());
}

TEST_F(Login, ReadsTheTokenFileOnceAMinute) {
  use_file(" one\n");
  EXPECT_EQ(authorization(), "Bearer one");
  const auto file = files.write("token", "two");
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(59s);
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(1s);
  EXPECT_EQ(authorization(), "Bearer two");
  // The last token stays while the file cannot be read.
  std::filesystem::remove(file);
  time.advance(60s);
  EXPECT_EQ(authorization(), "Bearer two");
}

TEST_F(Login, ReadsTheTokenFileAtOnceAfterARefusal) {
  use_file("one");
  EXPECT_FALSE(renew()) << "the same token again is of no use";
  const auto file = files.write("token", "two");
  EXPECT_TRUE(renew());
  EXPECT_EQ(authorization(), "Bearer two");
}

// As on a volume that hangs: other work of this thread goes on, and the token that was read before is shown.
TEST_F(Login, ATokenFileThatHangsHoldsUpNobody) {
  {
    testing::hanging_file hangs;
    use(token_file{hangs.path(), {}});
    const auto got = testing::run_on(io, credentials->show(deadline::after(time.now(), 1ms)));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::timed_out);
    EXPECT_THAT(got.error().message, HasSubstr("the volume that it is on may hang"));
  }
  const std::string file = files.write("token", "one");
  use(token_file{file, {}});
  EXPECT_EQ(authorization(), "Bearer one");
  testing::hanging_file hangs;
  std::filesystem::remove(file);
  std::filesystem::create_symlink(hangs.path(), file);
  time.advance(60s);
  const auto held = testing::run_on(io, credentials->show(deadline::after(time.now(), 1ms)));
  ASSERT_TRUE(held);
  EXPECT_EQ(held->authorization->reveal(), "Bearer one");
  // It is looked at again a minute later, not by each question.
  EXPECT_EQ(side_threads(), 1U);
  EXPECT_EQ(authorization(), "Bearer one");
  EXPECT_EQ(side_threads(), 1U);
}

TEST_F(Login, AnAuthorityThatHangsForAPluginHoldsUpNobody) {
  testing::hanging_file hangs;
  where.tls.authorities = {{hangs.path(), secret()}};
  exec_plugin p;
  p.api_version = "client.authentication.k8s.io/v1";
  p.command = "login";
  p.wants_cluster = true;
  use(std::move(p));
  const auto got = testing::run_on(io, credentials->show(deadline::after(time.now(), 1ms)));
  EXPECT_FALSE(got);
  EXPECT_EQ(side_threads(), 1U);
  EXPECT_TRUE(processes.calls().empty());
}

TEST_F(Login, SaysWhyThereIsNoToken) {
  use(token_file{files.path() / "none", {}});
  EXPECT_THAT(authorization(), StartsWith("unavailable: cannot read "));
  use_file("\n");
  EXPECT_THAT(authorization(), AllOf(StartsWith("unavailable: "), HasSubstr("is empty")));
  use_file("hunter2\nX: y");
  EXPECT_THAT(authorization(), AllOf(StartsWith("malformed: "), Not(HasSubstr("hunter2"))));
  use_file(std::string(max_token_size + 1, 'x'));
  EXPECT_THAT(authorization(), AllOf(StartsWith("unavailable: "), HasSubstr("more than")));
  // And looks again at the next question.
  const auto file = files.write("token", "one");
  EXPECT_EQ(authorization(), "Bearer one");
}

TEST_F(Login, UsesTheTokenBesideAFileThatIsMissing) {
  use(token_file{files.path() / "token", secret("otherwise")});
  EXPECT_EQ(authorization(), "Bearer otherwise");
  const auto file = files.write("token", "one");
  time.advance(60s);
  EXPECT_EQ(authorization(), "Bearer one");
}

TEST_F(Login, RunsAPluginOnceForAll) {
  use_plugin();
  prints("one");
  std::vector<awaitable<result<login::shown>>> all;
  all.reserve(20);
  for (int i = 0; i < 20; ++i) all.push_back(credentials->show(deadline::after(time.now(), 10s)));
  for (const auto& one : testing::gather(io, std::move(all))) {
    ASSERT_TRUE(one);
    EXPECT_EQ(one->authorization->reveal(), "Bearer one");
  }
  time.advance(24h);
  EXPECT_EQ(authorization(), "Bearer one");
  ASSERT_EQ(processes.calls().size(), 1U);
  EXPECT_EQ(processes.calls()[0].until, deadline::after(time.now() - 24h, 30s));
}

TEST_F(Login, RunsAPluginAgainAheadOfTheEnd) {
  use_plugin();
  prints("one", "2026-01-01T01:00:00Z");  // the fake clock begins at 00:00
  prints("two", "2026-01-01T02:00:00Z");
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(58min);
  EXPECT_EQ(authorization(), "Bearer one");
  EXPECT_EQ(processes.calls().size(), 1U);
  time.advance(1min);
  EXPECT_EQ(authorization(), "Bearer one");  // and renews meanwhile
  io.restart();
  io.poll();
  EXPECT_EQ(processes.calls().size(), 2U);
  EXPECT_EQ(authorization(), "Bearer two");
}

TEST_F(Login, RunsAPluginAgainAfterADayWhateverTheCalendarSays) {
  use_plugin();
  prints("one", "2126-01-01T00:00:00Z");
  prints("two", "2126-01-01T00:00:00Z");
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(24h - 1s);
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(1s);
  EXPECT_EQ(authorization(), "Bearer two");
}

TEST_F(Login, RunsAPluginAgainAtTheEnd) {
  use_plugin();
  prints("one", "2026-01-01T01:00:00Z");
  prints("two", "2025-12-31T00:00:00Z");  // expired before it came: only the calls that wait for it get it
  EXPECT_EQ(authorization(), "Bearer one");
  time.advance(1h);
  EXPECT_EQ(authorization(), "Bearer two");
  EXPECT_EQ(authorization(), "Bearer two");
  EXPECT_EQ(processes.calls().size(), 3U);
}

TEST_F(Login, RunsAPluginAgainAfterARefusal) {
  use_plugin();
  prints("one");
  prints("two");
  const auto first = show();
  ASSERT_TRUE(first);
  EXPECT_TRUE(renew(*first));
  EXPECT_EQ(authorization(), "Bearer two");
  // Somebody else was refused with the first one too: the second stays.
  EXPECT_TRUE(renew(*first));
  EXPECT_EQ(authorization(), "Bearer two");
  EXPECT_EQ(processes.calls().size(), 2U);
}

TEST_F(Login, ShowsAPluginsCertificate) {
  use_plugin();
  process_output out;
  out.output = secret(R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                      R"("status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}})");
  processes.answer(std::move(out));
  const auto got = show();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(got->authorization);
  EXPECT_EQ(got->tls->certificate.text.reveal(), "CERT");
  EXPECT_EQ(got->tls->key.text.reveal(), "KEY");
  EXPECT_EQ(got->tls->authorities.at(0).text.reveal(), "PEM");
}

TEST_F(Login, SaysHowAPluginFailed) {
  const std::pair<error_code, error_code> table[] = {{error_code::not_found, error_code::unavailable},
                                                     {error_code::denied, error_code::unavailable},
                                                     {error_code::timed_out, error_code::timed_out},
                                                     {error_code::malformed, error_code::malformed},
                                                     {error_code::internal, error_code::unavailable}};
  for (const auto& [cause, code] : table) {
    processes = {};
    use_plugin();
    processes.refuse({cause, "the cause", std::nullopt});
    const auto got = show();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, code);
    EXPECT_THAT(got.error().message, HasSubstr("credential plugin \"login\": the cause"));
    EXPECT_EQ(got.error().message.find("apt install login") != std::string::npos, cause == error_code::not_found);
  }
}

TEST_F(Login, HoldsAPluginsFailureForAWhile) {
  use_plugin();
  processes.refuse({error_code::timed_out, "too slow", std::nullopt});
  prints("one");
  EXPECT_THAT(authorization(), HasSubstr("too slow"));
  time.advance(4s);
  EXPECT_THAT(authorization(), HasSubstr("too slow"));
  EXPECT_EQ(processes.calls().size(), 1U);
  time.advance(1s);
  EXPECT_EQ(authorization(), "Bearer one");
}

}  // namespace
}  // namespace pinhook::kube
