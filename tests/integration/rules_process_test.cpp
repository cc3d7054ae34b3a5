// `pinhook rules test` and the rules in the output of `explain`, as processes. No registry is asked.
#include "support/certificates.hpp"
#include "support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;

class RulesProcess : public ::testing::Test {
 protected:
  program_result tried(const std::string& cases) {
    return run_program({"rules", "test", "--config", config_, files_.write("cases.yaml", cases)});
  }

  temporary_directory files_;
  std::string config_ = files_.write("pinhook.yaml",
                                     "rules:\n"
                                     "  - {name: sidecars, images: \"**/istio/proxyv2\", pin: never}\n"
                                     "  - {name: no-latest, require: not-latest, action: deny}\n");
};

TEST_F(RulesProcess, SaysWhetherRulesDoWhatIsExpected) {
  const auto good = tried("- {image: nginx, expect: {deny: no-latest}}\n");
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_EQ(good.output, "1 image as expected\n");
  const auto bad = tried("- {image: nginx, expect: {}}\n");
  EXPECT_EQ(bad.exit_code, 1) << bad.errors;
  EXPECT_THAT(bad.output, HasSubstr("cases.yaml:1:3: nginx: deny: want nothing, is no-latest"));
}

TEST_F(RulesProcess, RefusesWhatTestsNothing) {
  EXPECT_EQ(tried("[]\n").exit_code, 2);
  EXPECT_THAT(tried("- {image: nginx, expect: {deny: no-such}}\n").errors, HasSubstr("there is no rule \"no-such\""));
  const auto none = run_program({"rules", "test", files_.write("cases.yaml", "- {image: nginx, expect: {}}\n")});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("there are no rules to test"));
}

TEST_F(RulesProcess, ExplainSaysWhichRulesMatch) {
  const auto text = run_program({"explain", "--config", config_, "quay.io/istio/proxyv2:1"}, {"PINHOOK_CLOUDS=[]"});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, HasSubstr("rules       sidecars: pin: never\n"
                                     "            no-latest: require not-latest: deny\n"));
  const auto json = run_program({"explain", "-o", "json", "nginx"}, {"PINHOOK_CLOUDS=[]"});
  EXPECT_THAT(json.output, HasSubstr("\"rules\":[]"));
}

}  // namespace
}  // namespace pinhook::testing
