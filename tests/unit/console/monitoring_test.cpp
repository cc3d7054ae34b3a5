// The alerts and the dashboard of the console ask for metrics, labels and states that it has.
#include "shown_cluster.hpp"
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/paths.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/console/answers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pinhook::console {
namespace {

using testing::all_of;

constexpr const char* dashboard = "grafana/pinhook-console.json";

std::string manifest(const std::string& name) {
  return testing::read_file(testing::source_dir() + "/manifests/" + name);
}

// In JSON quotes have a backslash in front.
std::string without_backslashes(std::string text) {
  std::erase(text, '\\');
  return text;
}

TEST(ConsoleMonitoring, AsksForMetricsAndStatesThatAreThere) {
  const std::string metrics = metrics_answer(small_view(), {}, {});
  const auto known = all_of(metrics, R"(# TYPE (\w+) gauge)");
  const auto states = all_of(metrics, R"re(,state="([a-z]+)")re");
  ASSERT_FALSE(known.empty());
  ASSERT_FALSE(states.empty());
  for (const char* file : {"kustomize/components/console-monitoring/objects/prometheusrule.yaml",
                           "helm/pinhook/files/console-alerts.yaml", dashboard}) {
    const std::string text = without_backslashes(manifest(file));
    const auto named = all_of(text, R"(\b(pinhook_\w+))");
    EXPECT_FALSE(named.empty()) << file;
    for (const std::string& name : named) EXPECT_TRUE(known.contains(name)) << file << ": " << name;
    const auto asked = all_of(text, R"re(state="([^"]*)")re");
    EXPECT_FALSE(asked.empty()) << file;
    for (const std::string& state : asked) EXPECT_TRUE(states.contains(state)) << file << ": " << state;
  }
  for (const std::string& name : known) EXPECT_TRUE(manifest(dashboard).contains(name)) << name << " is on no panel";
}

// Panels have numbers of their own, a query each, and stay within the 24 columns of Grafana.
TEST(ConsoleMonitoring, ADashboardHasPanelsThatAsk) {
  const auto parsed = json::parse(manifest(dashboard));
  ASSERT_TRUE(parsed);
  std::set<int> ids;
  const auto& panels = (*parsed)["panels"];
  for (const auto& panel : panels.GetArray()) {
    const std::string title = panel["title"].GetString();
    EXPECT_TRUE(ids.insert(panel["id"].GetInt()).second) << title;
    const auto& at = panel["gridPos"];
    EXPECT_LE(at["x"].GetInt() + at["w"].GetInt(), 24) << title;
    EXPECT_FALSE(panel["targets"].Empty()) << title;
    for (const auto& target : panel["targets"].GetArray())
      EXPECT_NE(std::string(target["expr"].GetString()).find("job=\"$job\""), std::string::npos) << title;
  }
  EXPECT_GE(ids.size(), 5U);
}

}  // namespace
}  // namespace pinhook::console
