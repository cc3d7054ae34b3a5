// `pinhook serve` as a real process with a configuration file: changed rules count without a restart, a file that is no
// good leaves those before.
#include "support/serve_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReloadProcess : public ServeProcess {
 protected:
  // One rule of that name, which no image of this test keeps to.
  std::string write_rule(const std::string& name, const std::string& more = "") {
    return files_.write("pinhook.yaml", "rules:\n  - name: " + name +
                                            "\n    require: {registry: [docker.io]}\n    action: deny\n" + more);
  }
  std::string why_denied() {
    https_client c(port_);
    const auto denied = answer(c.ask(review_request()));
    EXPECT_FALSE(denied.allowed);
    return denied.message;
  }
};

TEST_F(ReloadProcess, TakesChangedRulesAndKeepsThemWhenTheFileIsNoGood) {
  const std::string file = write_rule("one");
  start({"--config", file});
  EXPECT_THAT(why_denied(), HasSubstr("rule one: "));
  EXPECT_THAT(process_->wait_for_error_line("\"admission\""), HasSubstr("\"findings\":[\"deny one: web: "));

  // The flag says 2, and wins over the file.
  write_rule("two", "threads: 5\ncache: {ttl: 1h}\n");
  EXPECT_THAT(process_->wait_for_error_line("the changed configuration is in use"),
              AllOf(HasSubstr("\"warning\""), HasSubstr(R"("after_restart":["cache.ttl"])")));
  EXPECT_THAT(why_denied(), AllOf(HasSubstr("rule two: "), Not(HasSubstr("rule one: "))));

  write_rule("three", "cash: {}\n");
  EXPECT_THAT(process_->wait_for_error_line("the old one stays"),
              AllOf(HasSubstr("\"error\""), HasSubstr(file + ": line 5"), HasSubstr("cash")));
  EXPECT_THAT(why_denied(), HasSubstr("rule two: "));
  EXPECT_THAT(admin("/metrics", 200),
              AllOf(HasSubstr(R"(pinhook_configuration_reloads_total{result="failure"} 1)"),
                    HasSubstr(R"(pinhook_configuration_reloads_total{result="success"} 1)"),
                    HasSubstr("pinhook_configuration_current 0\n"), HasSubstr("pinhook_rules 1\n"),
                    HasSubstr(R"(pinhook_rule_findings_total{action="deny",namespace="demo",rule="two"} 2)")));

  std::filesystem::remove(file);
  EXPECT_THAT(process_->wait_for_error_line("the old one stays"), HasSubstr("No such file"));
  EXPECT_THAT(why_denied(), HasSubstr("rule two: "));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(ReloadProcess, DoesNotStartWithInvalidRules) {
  const std::string file = write_rule("one", "  - {name: one, pin: never}\n");
  const auto run = run_program(arguments({"--config", file}));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.errors, AllOf(HasSubstr("pinhook: " + file + ": line 5"), HasSubstr("one")));
}

}  // namespace
}  // namespace pinhook::testing
