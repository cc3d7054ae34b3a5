#include <pinhook/base/process.hpp>

#include "support/fake_process_runner.hpp"
#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace pinhook {
namespace {

using testing::run;
using namespace std::chrono_literals;

// Far enough that no slow machine reaches it.
deadline late() { return deadline::after(machine_clock().now(), 5min); }

process_request shell(std::string script, std::string input = "") {
  process_request out;
  out.argv = {"/bin/sh", "-c", std::move(script)};
  out.input = secret(std::move(input));
  return out;
}

result<process_output> outcome_of(process_request request, deadline d = late()) {
  return run(machine_processes().run(std::move(request), d));
}

// Nothing of ours is left over, neither running nor dead.
void expect_no_children() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) != -1) ++count;
  return count;
}

TEST(Process, GivesInputAndTakesBothOutputs) {
  const auto out = outcome_of(shell("cat; echo problem >&2; exit 3", "a secret"));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit_code, 3);
  EXPECT_EQ(out->output.reveal(), "a secret");
  EXPECT_EQ(out->errors.reveal(), "problem\n");
  expect_no_children();
}

TEST(Process, NeedsNoInputAndNoOutput) {
  const auto out = outcome_of(shell("exit 0"));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit_code, 0);
  EXPECT_EQ(out->output.reveal(), "");
  EXPECT_EQ(out->errors.reveal(), "");
}

TEST(Process, InputMayBeLargerThanAPipeAndUnread) {
  const std::string large(1'000'000, 'x');
  const auto read = outcome_of(shell("wc -c", large));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::stoi(read->output.reveal()), 1'000'000);
  const auto unread = outcome_of(shell("exec <&-; echo done", large));
  ASSERT_TRUE(unread) << unread.error().message;
  EXPECT_EQ(unread->output.reveal(), "done\n");
}

TEST(Process, ArgumentsReachTheProgramAsTheyAre) {
  process_request request;
  request.argv = {"printf", "%s|%s", "$HOME; exit 1", "'\"\n"};
  const auto out = outcome_of(std::move(request));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit_code, 0);
  EXPECT_EQ(out->output.reveal(), "$HOME; exit 1|'\"\n");
}

TEST(Process, EnvironmentIsOursWithAdditions) {
  ::setenv("PINHOOK_TEST_KEPT", "kept", 1);
  ::setenv("PINHOOK_TEST_REPLACED", "old", 1);
  auto request = shell("echo $PINHOOK_TEST_KEPT $PINHOOK_TEST_REPLACED $PINHOOK_TEST_NEW");
  request.environment = {"PINHOOK_TEST_REPLACED=new", "PINHOOK_TEST_NEW=a=b"};
  const auto out = outcome_of(std::move(request));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->output.reveal(), "kept new a=b\n");
}

TEST(Process, ChildGetsNoOtherDescriptor) {
  std::array<int, 2> leaky{};
  ASSERT_EQ(::pipe(leaky.data()), 0);  // not close-on-exec
  const auto out = outcome_of(shell(fmt::format("[ -e /proc/$$/fd/{} ] && echo leaked", leaky[0])));
  ::close(leaky[0]);
  ::close(leaky[1]);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->output.reveal(), "");
}

TEST(Process, ChildHasDefaultSignals) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGPIPE, &ignore, &before), 0);
  const auto out = outcome_of(shell("kill -PIPE $$; echo survived"));
  ::sigaction(SIGPIPE, &before, nullptr);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit_code, 128 + SIGPIPE);
  EXPECT_EQ(out->output.reveal(), "");
}

TEST(Process, SignalIsToldAsAShellDoes) {
  const auto out = outcome_of(shell("kill -TERM $$"));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit_code, 128 + SIGTERM);
}

TEST(Process, OutputUpToTheLimitIsTaken) {
  auto request = shell("printf 12345678; printf abcdefgh >&2");
  request.output_limit = 8;
  const auto out = outcome_of(std::move(request));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->output.reveal(), "12345678");
  EXPECT_EQ(out->errors.reveal(), "abcdefgh");
}

TEST(Process, OutputOverTheLimitIsAnError) {
  auto request = shell("printf 123456789");
  request.output_limit = 8;
  const auto out = outcome_of(std::move(request));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::malformed);
  EXPECT_EQ(out.error().message, R"("/bin/sh" wrote more than 8 bytes to its standard output)");
  expect_no_children();
}

TEST(Process, EndlessOutputIsKilled) {
  for (const auto& [script, stream] :
       {std::pair{"while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", "output"},
        {"while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy >&2; done", "error"}}) {
    const auto out = outcome_of(shell(script));
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, error_code::malformed);
    EXPECT_EQ(out.error().message,
              fmt::format("\"/bin/sh\" wrote more than {} bytes to its standard {}", 64 * 1024, stream));
    expect_no_children();
  }
}

TEST(Process, HangIsKilledAtTheDeadlineWithItsChildren) {
  // The child tells its grandchild's number through a file descriptor of the test: "cat" waits for an end of file that
  // comes when both are gone.
  std::array<int, 2> alive{};
  ASSERT_EQ(::pipe2(alive.data(), O_CLOEXEC), 0);
  auto request = shell(fmt::format("exec 3>/proc/{}/fd/{}; sleep 1000 & sleep 1000", ::getpid(), alive[1]));
  const auto out = outcome_of(std::move(request), deadline::after(machine_clock().now(), 200ms));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::timed_out);
  EXPECT_EQ(out.error().message, R"("/bin/sh" did not end in time and was killed)");
  ::close(alive[1]);
  char byte = 0;
  EXPECT_EQ(::read(alive[0], &byte, 1), 0);
  ::close(alive[0]);
  expect_no_children();
}

TEST(Process, PassedDeadlineRunsNothingToItsEnd) {
  const auto out = outcome_of(shell("sleep 1000"), deadline::at(machine_clock().now() - 1s));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::timed_out);
  expect_no_children();
}

TEST(Process, BackgroundOfTheProgramIsNotWaitedFor) {
  // The background process holds the output open until it reads an end of file from a pipe that the test holds.
  std::array<int, 2> hold{};
  ASSERT_EQ(::pipe2(hold.data(), O_CLOEXEC), 0);
  const auto out = outcome_of(shell(fmt::format("cat </proc/{}/fd/{} & echo done", ::getpid(), hold[0])));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->output.reveal(), "done\n");
  ::close(hold[0]);
  ::close(hold[1]);
}

TEST(Process, CancellationKills) {
  asio::io_context io(1);
  asio::cancellation_signal stop;
  std::optional<result<process_output>> out;
  auto work = [](std::optional<result<process_output>>& to) -> awaitable<void> {
    auto request = shell("sleep 1000");
    auto got = co_await machine_processes().run(std::move(request), deadline::never());
    to.emplace(std::move(got));
  };
  asio::co_spawn(io, work(out), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  asio::post(io, [&] { stop.emit(asio::cancellation_type::terminal); });
  io.run();
  ASSERT_TRUE(out.has_value());
  ASSERT_FALSE(out->has_value());
  EXPECT_EQ(out->error().code, error_code::canceled);
  expect_no_children();
}

TEST(Process, ContextThatGoesAwayKills) {
  {
    asio::io_context io(1);
    auto work = []() -> awaitable<void> {
      auto request = shell("sleep 1000");
      auto got = co_await machine_processes().run(std::move(request), deadline::never());
      ADD_FAILURE() << "ended: " << got.has_value();
    };
    asio::co_spawn(io, work(), [](std::exception_ptr) {});
    io.poll();
  }
  expect_no_children();
}

TEST(Process, MissingProgramIsNotFound) {
  for (const char* name : {"pinhook-no-such-program", "/no/such/program", "/bin/sh/program"}) {
    process_request request;
    request.argv = {name};
    const auto out = outcome_of(std::move(request));
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, error_code::not_found);
    EXPECT_EQ(out.error().message, fmt::format("program \"{}\" not found; is it installed and in PATH?", name));
  }
  expect_no_children();
}

TEST(Process, FileThatIsNoProgramIsDenied) {
  process_request request;
  request.argv = {"/etc/passwd"};
  const auto out = outcome_of(std::move(request));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::denied);
}

TEST(Process, SenselessRequestsAreRefused) {
  process_request nothing;
  process_request empty;
  empty.argv = {""};
  process_request nul;
  nul.argv = {"echo", std::string("a\0b", 3)};
  process_request variable;
  variable.argv = {"echo"};
  variable.environment = {std::string("A=\0", 3)};
  for (auto* request : {&nothing, &empty, &nul, &variable}) {
    const auto out = outcome_of(std::move(*request));
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, error_code::invalid_input);
  }
}

TEST(Process, ManyRunsLeaveNothingOpen) {
  static_cast<void>(outcome_of(shell("exit 0")));
  const int before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(outcome_of(shell("echo x")));
    process_request missing;
    missing.argv = {"pinhook-no-such-program"};
    ASSERT_FALSE(outcome_of(std::move(missing)));
  }
  EXPECT_EQ(open_descriptors(), before);
  expect_no_children();
}

TEST(Process, SeveralRunAtTheSameTime) {
  asio::io_context io(1);
  std::vector<std::string> answers(10);
  auto work = [](std::string& to, int i) -> awaitable<void> {
    auto request = shell("cat", fmt::format("input {}", i));
    auto got = co_await machine_processes().run(std::move(request), late());
    if (got) to = got->output.reveal();
  };
  for (int i = 0; i < 10; ++i)
    asio::co_spawn(io, work(answers[static_cast<std::size_t>(i)], i), [](std::exception_ptr) {});
  io.run();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)], fmt::format("input {}", i));
}

TEST(FakeProcessRunner, RecordsAndRefuses) {
  testing::fake_process_runner fake;
  EXPECT_EQ(run(fake.run(shell("x", "in"), late())).error().code, error_code::not_found);
  process_output seven;
  seven.exit_code = 7;
  fake.answer(seven);
  fake.refuse({error_code::timed_out, "slow", std::nullopt});
  EXPECT_EQ(run(fake.run(shell("x"), late()))->exit_code, 7);
  EXPECT_EQ(run(fake.run(shell("x"), late())).error().message, "slow");
  ASSERT_EQ(fake.calls().size(), 3U);
  EXPECT_EQ(fake.calls()[0].argv.back(), "x");
  EXPECT_EQ(fake.calls()[0].input, "in");
}

}  // namespace
}  // namespace pinhook
