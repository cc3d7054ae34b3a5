#include <pinhook/pin/pod_paths.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {
namespace {

std::vector<std::string> most_paths() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < max_places; ++i) out.push_back("spec.image" + std::to_string(i));
  return out;
}

TEST(PodPaths, KnowsTheKindsOfTheTable) {
  const pod_paths paths;
  const auto pod = paths.of("", "Pod");
  ASSERT_EQ(pod.size(), 1U);
  EXPECT_EQ(pod[0].holds, holding::pod_spec);
  EXPECT_EQ(pod[0].path, *parse_path("spec"));
  const auto cron_job = paths.of("batch", "CronJob");
  ASSERT_EQ(cron_job.size(), 1U);
  EXPECT_EQ(cron_job[0].holds, holding::pod_template);
  EXPECT_EQ(cron_job[0].path, *parse_path("spec.jobTemplate.spec.template"));
  EXPECT_EQ(paths.of("argoproj.io", "Workflow").size(), 5U);
}

TEST(PodPaths, GroupAndKindMustBothFit) {
  const pod_paths paths;
  EXPECT_TRUE(paths.of("", "Deployment").empty());
  EXPECT_TRUE(paths.of("apps", "deployment").empty());
  EXPECT_TRUE(paths.of("apps", "ConfigMap").empty());
  // Two kinds of one name.
  EXPECT_FALSE(paths.of("batch", "Job").empty());
  EXPECT_FALSE(paths.of("batch.volcano.sh", "Job").empty());
}

TEST(PodPaths, AddsTheOperatorsPathsToTheTables) {
  const pod_paths paths(
      {{"example.com", "Fleet", {"spec.image", "spec.workers[*].image"}}, {"apps", "Deployment", {"spec.extra"}}});
  const auto fleet = paths.of("example.com", "Fleet");
  ASSERT_EQ(fleet.size(), 2U);
  EXPECT_EQ(fleet[1].path, *parse_path("spec.workers[*].image"));
  EXPECT_EQ(fleet[1].holds, holding::image);
  EXPECT_EQ(paths.of("apps", "Deployment").size(), 2U);
}

TEST(PodPaths, KnowsTheKeysThatImagesStandUnder) {
  EXPECT_EQ(pod_paths().keys(), (std::vector<std::string>{"image"}));
  const pod_paths paths({{"example.com", "Fleet", {"spec.image", "spec.tools{*}[*]", "spec.runtime"}},
                         {"example.com", "Tool", {"spec.runtime"}}});
  EXPECT_EQ(paths.keys(), (std::vector<std::string>{"image", "tools", "runtime"}));
}

TEST(PodPaths, TakesWildcards) {
  const pod_paths paths({{"*", "*", {"spec.image"}},
                         {"*.acme.io", "*", {"spec.imageName"}},
                         {"db.acme.io", "Cluster", {"spec.tool.image"}}});
  const auto texts = [&](std::string_view group, std::string_view kind) {
    std::vector<std::string> out;
    for (const place& one : paths.of(group, kind)) {
      std::string text;
      for (const path_step& step : one.path) text += "/" + step.name;
      out.push_back(text);
    }
    return out;
  };
  using testing_texts = std::vector<std::string>;
  EXPECT_EQ(texts("example.com", "Engine"), (testing_texts{"/spec/image", ""})) << "still searched by its shape";
  EXPECT_EQ(texts("web.acme.io", "Site"), (testing_texts{"/spec/imageName", "/spec/image", ""}));
  EXPECT_EQ(texts("db.acme.io", "Cluster"), (testing_texts{"/spec/tool/image", "/spec/image", "/spec/imageName"}));
  EXPECT_EQ(texts("apps", "Deployment"), (testing_texts{"/spec/template", "/spec/image"}));
}

TEST(PodPaths, RefusesWrongPathsAtStart) {
  EXPECT_THROW(pod_paths({{"example.com", "Fleet", {"spec[0]"}}}), std::invalid_argument);
  const custom_kind most{"example.com", "Fleet", most_paths()};
  EXPECT_NO_THROW(pod_paths({most}));
  EXPECT_THROW(pod_paths({most, {"example.com", "Fleet", {"spec.image"}}}), std::invalid_argument);
}

}  // namespace
}  // namespace pinhook::pin
