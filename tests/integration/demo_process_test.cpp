// `pinhook demo` as a real process, and the curl command that `pinhook demo --serve` prints, run as printed.
#include "support/program.hpp"

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string run_shell(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  std::array<char, 4096> bytes{};
  for (std::size_t n = 0; (n = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) out.append(bytes.data(), n);
  pclose(pipe);
  return out;
}

// The words behind `option` in a command line.
std::string value_of(const std::string& command, const std::string& option) {
  const auto at = command.find(option + ' ');
  if (at == std::string::npos) return {};
  const auto begin = at + option.size() + 1;
  return command.substr(begin, command.find(' ', begin) - begin);
}

TEST(DemoProcess, TellsItsStoryAndEveryCheckHolds) {
  const auto demo = run_program({"demo"}, {"DOCKER_CONFIG="});
  EXPECT_EQ(demo.exit_code, 0) << demo.output << demo.errors;
  EXPECT_THAT(demo.output, HasSubstr("9 of 9 checks hold."));
  EXPECT_THAT(demo.output, Not(HasSubstr("✗")));
  EXPECT_THAT(demo.output, Not(HasSubstr("\x1b"))) << "colour in a pipe";
  EXPECT_EQ(demo.errors, "");
  std::istringstream lines(demo.output);
  for (std::string line; std::getline(lines, line);) {
    const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
    // A word by itself, an image with its whole digest, may be longer.
    const bool is_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
    EXPECT_LE(columns, is_word ? 110 : 80) << line;
  }
}

TEST(DemoProcess, PrintsACommandThatWorksAndCleansUp) {
  program demo({"demo", "--serve"});
  std::string command;
  for (std::string line = demo.wait_for_output_line("curl -sS");; line = demo.wait_for_output_line("")) {
    command += line;
    if (!line.ends_with('\\')) break;
    command.back() = ' ';
  }
  const std::string ca_file = value_of(command, "--cacert");
  EXPECT_TRUE(std::filesystem::exists(ca_file)) << command;
  // A proxy of the environment must not come between.
  const auto answer = json::parse(run_shell("env -u https_proxy -u HTTPS_PROXY -u ALL_PROXY " + command));
  ASSERT_TRUE(answer) << command;
  const auto* response = json::find(*answer, "response");
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(json::find_bool(*response, "allowed"), true);
  EXPECT_TRUE(json::find_string(*response, "patch"));
  demo.send(SIGINT);
  EXPECT_EQ(demo.wait(), 0) << demo.errors();
  EXPECT_FALSE(std::filesystem::exists(ca_file)) << "left behind";
}

// The console's answer to a GET. A proxy of the environment must not come between.
std::string ask_console(const std::string& url, const std::string& path) {
  return run_shell("curl -sS --noproxy '*' '" + url + path + "'");
}

// The overview once it has that text, else the last one.
std::string overview_until(const std::string& url, const std::string& part) {
  const auto end = std::chrono::steady_clock::now() + program::patience;
  std::string out;
  while (std::chrono::steady_clock::now() < end) {
    out = ask_console(url, "/api/v1/overview");
    if (out.find(part) != std::string::npos) break;
  }
  return out;
}

TEST(DemoProcess, ShowsTheConsoleOnMadeUpObjectsAndSaysSo) {
  program demo({"demo", "--console"}, {"DOCKER_CONFIG=", "KUBECONFIG=/nonexistent"});
  const std::string line = demo.wait_for_error_line("http://127.0.0.1:");
  ASSERT_NE(line, "") << demo.errors();
  const std::string url = line.substr(line.find("http://"));
  // It moves after the first look-ups, so all the rest is there then.
  const std::string moved = overview_until(url, R"("change":"version-tag")");
  EXPECT_THAT(moved, HasSubstr(R"("demo":true)"));
  EXPECT_THAT(moved, HasSubstr(R"("complete":true)"));
  EXPECT_THAT(moved, HasSubstr(R"("troubles":[])"));
  for (const auto& [state, owner] :
       {std::pair{"mixed", "web"}, std::pair{"gone", "report"}, std::pair{"moved-version", "api"},
        std::pair{"no-tag", "proxy"}, std::pair{"latest", "trial"}, std::pair{"pinned", "pay"}}) {
    EXPECT_THAT(ask_console(url, std::string("/api/v1/entities?state=") + state),
                HasSubstr(std::string("Deployment/") + owner))
        << state;
  }
  demo.send(SIGINT);
  EXPECT_EQ(demo.wait(), 0) << demo.errors();
}

TEST(DemoProcess, ShowsTheStoryOrTheConsole) {
  const auto both = run_program({"demo", "--console", "--serve"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_THAT(both.errors, HasSubstr("--console"));
}

}  // namespace
}  // namespace pinhook::testing
