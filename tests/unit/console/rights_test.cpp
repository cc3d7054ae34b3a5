// The rights of the console are those of the report, to watch in place of to get, and to ask about viewers.
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace pinhook::console {
namespace {

std::string manifest(const std::string& name) {
  std::ifstream in(testing::source_dir() + "/manifests/rights/" + name);
  std::string out{std::istreambuf_iterator<char>(in), {}};
  EXPECT_FALSE(out.empty()) << name;
  return out;
}

// The rules of the first object.
std::string rules_of(const std::string& text) {
  const auto begin = text.find("rules:\n");
  return text.substr(begin, text.find("---", begin) - begin);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

TEST(ConsoleRights, AreThoseOfTheReportAndReadOnly) {
  const std::string console = rules_of(manifest("console/rights.yaml"));
  const std::string expected = replaced(rules_of(manifest("report.yaml")), "[get, list]", "[get, list, watch]");
  EXPECT_EQ(console.substr(0, expected.size()), expected);
  const std::string more = console.substr(std::min(expected.size(), console.size()));
  EXPECT_EQ(more, R"(  - apiGroups: ["authentication.k8s.io"]
    resources: [tokenreviews]
    verbs: [create]
  - apiGroups: ["authorization.k8s.io"]
    resources: [subjectaccessreviews]
    verbs: [create]
)");
}

}  // namespace
}  // namespace pinhook::console
