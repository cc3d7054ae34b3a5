// `pinhook serve` as a real process whose files are replaced by named pipes, which wait for ever for a writer. The
// earlier content stays in use, and the thread that accepts, answers probes and handles signals never waits.
#include "support/hanging_file.hpp"
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class HangingFilesProcess : public ServeProcess {
 protected:
  static void become_a_pipe(const std::string& file) {
    std::filesystem::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  }
  void expect_it_serves() {
    https_client c(port_);
    EXPECT_TRUE(answer(c.ask(review_request())).allowed);
    EXPECT_EQ(admin("/livez", 200), "alive\n");
    EXPECT_EQ(admin("/readyz", 200), "ready\n");
  }
};

TEST_F(HangingFilesProcess, DoesNotStartWithThem) {
  const std::string pipe = files_.path() / "pipe";
  become_a_pipe(pipe);
  for (const std::string variable : {"PINHOOK_CONFIG", "PINHOOK_LOCK_FILE", "PINHOOK_TLS_CERT_FILE"}) {
    std::vector<std::string> all = environment_;
    all.push_back(variable + "=" + pipe);
    const auto run =
        variable == "PINHOOK_TLS_CERT_FILE"
            ? run_program({"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--tls-key", key_file_},
                          all)
            : run_program(arguments(), all);
    EXPECT_EQ(run.exit_code, 2) << variable << run.errors;
    EXPECT_THAT(run.errors, HasSubstr(pipe + ": it is a named pipe (FIFO), not a regular file")) << variable;
  }
}

TEST_F(HangingFilesProcess, ServesOnAndEndsInTime) {
  environment_.emplace_back("PINHOOK_TLS_RELOAD_INTERVAL=100ms");
  const std::string file = files_.write("pinhook.yaml", "threads: 1\n");
  start({"--config", file});
  become_a_pipe(file);
  become_a_pipe(certificate_file_);
  EXPECT_THAT(process_->wait_for_error_line("the changed certificate is not used"), HasSubstr("named pipe"));
  EXPECT_THAT(process_->wait_for_error_line("the configuration changed and cannot be used"), HasSubstr("named pipe"));
  expect_it_serves();
  EXPECT_THAT(admin("/metrics", 200), AllOf(HasSubstr("pinhook_configuration_current 0\n"),
                                            HasSubstr("pinhook_certificate_reloads_total{result=\"failure\"} 1\n")));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(HangingFilesProcess, ACertificateThatHasExpiredDoesNotReplaceAValidOne) {
  environment_.emplace_back("PINHOOK_TLS_RELOAD_INTERVAL=100ms");
  start();
  const auto expired = authority_.issue({.common_name = "two", .not_before = -48h, .not_after = -24h});
  files_.write("tls.key", expired.key);
  files_.write("tls.crt", expired.certificate);
  EXPECT_THAT(process_->wait_for_error_line("the changed certificate is not used"),
              AllOf(HasSubstr("\"error\""), HasSubstr("it expired at ")));
  EXPECT_EQ(https_client(port_).peer_name(), "one");
  expect_it_serves();
  write_certificate("three");
  process_->wait_for_error_line("a changed certificate is in use");
  EXPECT_EQ(https_client(port_).peer_name(), "three");
  EXPECT_EQ(end(), 0) << process_->errors();
}

// Nothing is due for a long time: the interval of the certificate is a day.
TEST_F(HangingFilesProcess, SighupReadsThemNowAndOtherSignalsAreNothing) {
  environment_.emplace_back("PINHOOK_TLS_RELOAD_INTERVAL=24h");
  const std::string file = files_.write("pinhook.yaml", "{}\n");
  start({"--config", file});
  for (const int number : {SIGUSR1, SIGUSR2, SIGPIPE}) process_->send(number);
  write_certificate("two");
  files_.write("pinhook.yaml", "rules: [{name: one, require: {registry: [docker.io]}, action: deny}]\n");
  process_->send(SIGHUP);
  process_->wait_for_error_line("SIGHUP");
  process_->wait_for_error_line("a changed certificate is in use");
  EXPECT_EQ(https_client(port_).peer_name(), "two");
  while (!admin("/metrics", 200).contains("pinhook_rules 1\n")) {
  }
  https_client c(port_);
  EXPECT_THAT(answer(c.ask(review_request())).message, HasSubstr("rule one: "));
  EXPECT_EQ(end(), 0) << process_->errors();
}

// A read for a look-up that does not come back, as on a volume that hangs: the probe says so after ten seconds, serving
// goes on, and when it comes back all is well.
TEST_F(HangingFilesProcess, AReadForALookUpThatHangsIsSeenByTheProbe) {
  hanging_file hangs;
  const std::string pipe = hangs.path();
  const auto folder = files_.path() / "certs.d" / "hangs.example";
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink(fmt::format("/proc/{}/fd/{}", ::getpid(), pipe.substr(pipe.rfind('/') + 1)),
                                  folder / "hosts.toml");
  const std::string file =
      files_.write("pinhook.yaml", fmt::format("mirrors: {{certs_dirs: ['{}']}}\n", folder.parent_path().string()));
  start({"--config", file});
  const auto denied = answer(https_client(port_).ask(review_request("/v1/pin/enforce?timeout=1s", "hangs.example")));
  EXPECT_FALSE(denied.allowed);
  expect_it_serves();
  const auto probe = [&] { return https_client(admin_port_, {.tls = false}).ask(get("/livez"))->status; };
  while (probe() == 200) {
  }
  EXPECT_THAT(admin("/livez", 503), HasSubstr("reading files for look-ups does not come back"));
  EXPECT_THAT(admin("/metrics", 200), HasSubstr("pinhook_stalled_reads{files=\"look-ups\"} 1\n"));
  EXPECT_TRUE(answer(https_client(port_).ask(review_request())).allowed);
  hangs.release();
  while (probe() != 200) {
  }
  expect_it_serves();
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(HangingFilesProcess, CheckRefusesWhatIsNoFile) {
  const std::string pipe = files_.path() / "pipe.yaml";
  become_a_pipe(pipe);
  const auto named = run_program({"check", "--offline", pipe});
  EXPECT_NE(named.exit_code, 0);
  EXPECT_THAT(named.errors + named.output,
              HasSubstr("it is a named pipe (FIFO), not a regular file; to read from it, pipe it into standard input"));
  const auto device = run_program({"check", "--offline", "/dev/zero"});
  EXPECT_NE(device.exit_code, 0);
  EXPECT_THAT(device.errors + device.output, HasSubstr("it is a device, not a regular file"));
  // 1 TiB of nothing.
  const std::string large = files_.write("large.yaml", "");
  std::filesystem::resize_file(large, std::uintmax_t{1} << 40);
  const auto run = run_program({"check", "--offline", large});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_THAT(run.errors + run.output, HasSubstr("has more than 536870912 bytes"));
}

}  // namespace
}  // namespace pinhook::testing
