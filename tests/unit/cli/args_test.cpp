#include <pinhook/cli/args.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/setting_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

arguments said(const std::vector<std::string>& words) {
  auto out = parse_arguments(words);
  if (!out) {
    ADD_FAILURE() << out.error().message;
    return {};
  }
  return *out;
}

std::string refusal(const std::vector<std::string>& words) {
  const auto out = parse_arguments(words);
  if (out) return {};
  EXPECT_EQ(out.error().code, error_code::invalid_input);
  EXPECT_EQ(out.error().message.find('\n'), std::string::npos) << out.error().message;
  return out.error().message;
}

TEST(Args, ReadsServe) {
  const auto a = said({"serve", "--config", "/c.yaml", "--listen", "127.0.0.1:0", "--admin-listen=[::1]:1",
                       "--tls-cert", "c", "--tls-key", "k", "--threads", "2", "--print-config"});
  EXPECT_EQ(a.command, command::serve);
  EXPECT_EQ(a.config_file, "/c.yaml");
  EXPECT_TRUE(a.print_config);
  ASSERT_EQ(a.flags.size(), 5U);
  for (const auto& flag : a.flags) EXPECT_NE(find_setting(flag.key), nullptr) << flag.name;
}

TEST(Args, ServeNeedsNoFlags) {
  const auto a = said({"serve"});
  EXPECT_EQ(a.command, command::serve);
  EXPECT_TRUE(a.flags.empty());
  EXPECT_FALSE(a.print_config);
}

TEST(Args, ReadsExplain) {
  const auto a = said({"explain", "nginx:1.25"});
  EXPECT_EQ(a.command, command::explain);
  EXPECT_EQ(a.reference, "nginx:1.25");
  EXPECT_EQ(a.output, "text");
  EXPECT_EQ(said({"explain", "-o", "json", "nginx"}).output, "json");
  EXPECT_EQ(said({"explain", "nginx", "--output=json"}).output, "json");
  EXPECT_EQ(said({"explain", ""}).reference, "");
  EXPECT_EQ(said({"explain", "--", "-docker/docker"}).reference, "-docker/docker");
  EXPECT_EQ(said({"explain", "[fc00::1]:5000/docker"}).reference, "[fc00::1]:5000/docker");
  EXPECT_EQ(said({"explain", "[a,b]"}).reference, "[a,b]");
}

TEST(Args, ReadsDemoAndVersion) {
  EXPECT_EQ(said({"demo"}).command, command::demo);
  EXPECT_FALSE(said({"demo"}).stays);
  EXPECT_TRUE(said({"demo", "--serve"}).stays);
  EXPECT_EQ(said({"version"}).command, command::version);
  EXPECT_EQ(said({"--version"}).command, command::version);
}

TEST(Args, HelpIsForTheProgramOrOneCommand) {
  const auto all = said({"--help"});
  EXPECT_EQ(all.command, command::help);
  for (const char* name : {"serve", "explain", "demo", "version"}) EXPECT_THAT(all.help, HasSubstr(name));
  const auto one = said({"serve", "--help"});
  EXPECT_EQ(one.command, command::help);
  for (const char* name :
       {"--config", "--listen", "--admin-listen", "--tls-cert", "--tls-key", "--threads", "--print-config", "PINHOOK_"})
    EXPECT_THAT(one.help, HasSubstr(name));
  EXPECT_THAT(one.help, Not(HasSubstr("explain")));
}

TEST(Args, RefusesInOneLine) {
  EXPECT_THAT(refusal({}), HasSubstr("say a command"));
  EXPECT_THAT(refusal({"srve"}), HasSubstr("srve"));
  EXPECT_THAT(refusal({"serve", "--port", "1"}), HasSubstr("--port"));
  EXPECT_THAT(refusal({"serve", "--listen"}), HasSubstr("--listen"));
  EXPECT_THAT(refusal({"serve", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(refusal({"explain"}), HasSubstr("REF"));
  EXPECT_THAT(refusal({"explain", "a", "b"}), HasSubstr("b"));
  EXPECT_THAT(refusal({"explain", "a", "-o", "xml"}), HasSubstr("xml"));
  EXPECT_THAT(refusal({"demo", "--srve"}), HasSubstr("pinhook demo --help"));
}

TEST(ExitCode, TellsWrongInputFromFailure) {
  EXPECT_EQ(exit_code(error_code::invalid_input), 2);
  EXPECT_EQ(exit_code(error_code::unsupported), 2);
  EXPECT_EQ(exit_code(error_code::unavailable), 1);
  EXPECT_EQ(exit_code(error_code::internal), 1);
}

}  // namespace
}  // namespace pinhook::cli
