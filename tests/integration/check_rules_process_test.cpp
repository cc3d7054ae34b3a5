// `pinhook check` with the operator's rules, as a process. Golden files: tests/golden/check/rules;
// PINHOOK_REWRITE_GOLDEN=1 rewrites them.
#include "support/file_commands.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string golden = testing::source_dir() + "/tests/golden/check/rules";

class CheckRulesProcess : public FileCommands {
 protected:
  // Everything is in the lock, so no registry is asked.
  program_result report(const std::string& format, const std::string& more = "") const {
    return run("cd '" + golden + "' && pinhook check --config pinhook.yaml --lock pinhook.lock -o " + format + more +
               " web.yaml jobs.yaml compose.yaml");
  }
  program_result check_with(const std::string& rules, const std::string& image, const std::string& more = "") const {
    write("pinhook.yaml", "rules:\n" + rules);
    write("web.yaml", deployment_file(image));
    return run("pinhook check --config pinhook.yaml " + more + " web.yaml");
  }
};

TEST_F(CheckRulesProcess, EveryFormatTellsThem) {
  for (const auto& [format, file] : {std::pair{"table", "report.txt"},
                                     {"json", "report.json"},
                                     {"sarif", "report.sarif"},
                                     {"junit", "report.xml"},
                                     {"github", "report.github"}}) {
    const auto seen = report(format);
    EXPECT_EQ(seen.exit_code, 1) << seen.errors;
    EXPECT_EQ(
        seen.errors,
        "pinhook check: 9 findings in 3 of 3 files, 1 note; 10 images, of which left alone: 1 variable, 1 built\n");
    expect_golden(golden + "/" + file, seen.output);
  }
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckRulesProcess, SarifDescribesEachRuleItNames) {
  const auto sarif = json::parse(report("sarif").output);
  ASSERT_TRUE(sarif) << sarif.error().message;
  const auto& described = (*sarif)["runs"][0]["tool"]["driver"]["rules"];
  std::set<std::string> ids;
  for (const auto& one : described.GetArray()) {
    EXPECT_TRUE(ids.emplace(json::find_string(one, "id").value()).second);
    EXPECT_THAT(std::string(json::find_string(one["help"], "text").value_or("")), Not(IsEmpty()));
    EXPECT_THAT(std::string(json::find_string(one["shortDescription"], "text").value_or("")), Not(IsEmpty()));
  }
  EXPECT_FALSE(ids.contains("dev-may-move"));
  for (const auto& one : (*sarif)["runs"][0]["results"].GetArray()) {
    const auto index = static_cast<unsigned>(json::find_integer(one, "ruleIndex").value());
    EXPECT_EQ(json::find_string(described[index], "id"), json::find_string(one, "ruleId"));
    EXPECT_EQ(json::find_string(described[index]["defaultConfiguration"], "level"), json::find_string(one, "level"));
  }
}

TEST_F(CheckRulesProcess, TheNamespaceThatIsSaidCountsForObjectsWithoutOne) {
  EXPECT_THAT(report("table").output, HasSubstr("jobs.yaml:5:59"));
  EXPECT_THAT(report("table", " --namespace dev-bob").output, Not(HasSubstr("jobs.yaml")));
}

TEST_F(CheckRulesProcess, ActionsMakeTheExitCode) {
  const auto rule = [](const char* action) {
    return std::string("  - {name: by-digest, require: digest, action: ") + action + "}\n";
  };
  for (const auto& [action, code, begin] : {std::tuple{"deny", 1, "web.yaml:10:18  by-digest  nginx:1.25  run pinhook"},
                                            {"warn", 1, "web.yaml:10:18  by-digest"},
                                            {"audit", 0, "web.yaml:10:18  by-digest"},
                                            {"allow", 0, ""}}) {
    const auto seen = check_with(rule(action), "nginx:1.25");
    EXPECT_EQ(seen.exit_code, code) << action << seen.errors;
    EXPECT_THAT(seen.output, StartsWith(begin));
    EXPECT_EQ(seen.output.empty(), std::string(begin).empty()) << action;
  }
}

TEST_F(CheckRulesProcess, PresetsStandForTheirRules) {
  auto seen = check_with("  - {preset: strict}\n", "nginx:1.25");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, StartsWith("web.yaml:10:18  strict/digest  nginx:1.25"));
  seen = check_with("  - {preset: recommended}\n", "nginx:latest");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, StartsWith("web.yaml:10:18  recommended/not-latest  nginx:latest"));
  seen = check_with("  - {preset: recommended}\n", "nginx:1.25");
  EXPECT_EQ(seen.exit_code, 1) << "our own rules decide everything else";
  EXPECT_THAT(seen.output, StartsWith("web.yaml:10:18  unpinned  nginx:1.25"));
}

TEST_F(CheckRulesProcess, NeverIsLeftAlone) {
  const auto seen = check_with("  - {name: left, images: [\"**/nginx\"], pin: never}\n", "nginx:1.25", "--drift");
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckRulesProcess, FixesAreInTheFormatOfTheRule) {
  const std::string rules = "  - {name: readable, images: [\"**/a\"], format: tag-and-digest}\n";
  EXPECT_THAT(check_with(rules, image("a:1"), "--drift").output, HasSubstr("write " + image("a:1@") + digest('a')));
  EXPECT_THAT(check_with(rules, image("a:1"), "--drift --format digest").output,
              HasSubstr("write " + image("a@") + digest('a')));
}

TEST_F(CheckRulesProcess, InvalidRulesAreTwo) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"  - {name: a, pinn: never}\n", "pinhook.yaml: line 2, column "},
      {"  - {name: a, images: [Nginx], pin: never}\n", "line 2, column 24"},
      {"  - {name: a, pin: never}\n  - {name: b, pin: always}\n", "line 3, column "},
      {"  - {name: unpinned, pin: never}\n", "line 2, column "},
  };
  for (const auto& [rules, message] : table) {
    const auto seen = check_with(rules, "nginx:1.25");
    EXPECT_EQ(seen.exit_code, 2) << rules;
    EXPECT_EQ(seen.output, "");
    EXPECT_THAT(seen.errors, AllOf(StartsWith("pinhook check: "), HasSubstr(message))) << rules;
  }
}

}  // namespace
}  // namespace pinhook::testing
