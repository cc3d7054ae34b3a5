// The table of kinds; the webhook configurations of manifests/ must ask for exactly its kinds.
#include <pinhook/pin/kind_table.hpp>

#include "support/golden.hpp"
#include "support/paths.hpp"

#include <pinhook/pin/path.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace pinhook::pin {
namespace {

using strings = std::set<std::string>;

// "apps v1" → its resources: the parts of a rule beside the operations and the scope, which are the same in all.
using webhook_rules = std::map<std::string, strings>;

webhook_rules generated_rules() {
  webhook_rules out;
  for (const known_kind& k : known_kinds()) {
    if (!k.is_sent()) continue;
    strings& resources = out[fmt::format("{} {}", k.group, k.is_built_in() ? "v1" : "*")];
    resources.emplace(k.resource);
    if (!k.subresource.empty()) resources.insert(fmt::format("{}/{}", k.resource, k.subresource));
  }
  return out;
}

// The items of a list in the text of a file, without quotes.
strings items_of(const std::string& list) {
  static const std::regex item(R"([a-zA-Z0-9./*-]+)");
  strings out;
  for (std::sregex_iterator at(list.begin(), list.end(), item), end; at != end; ++at) out.insert(at->str());
  return out;
}

// `rule` captures group, version and resources.
webhook_rules rules_in(const std::string& file, const std::string& rule) {
  const std::string text = testing::read_file(std::filesystem::path(testing::source_dir()) / file);
  const std::regex pattern(rule);
  webhook_rules out;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    const auto added = out.emplace(fmt::format("{} {}", at->str(1), at->str(2)), items_of(at->str(3)));
    EXPECT_TRUE(added.second) << file << " has two rules for " << at->str(1);
  }
  return out;
}

constexpr const char* group = R"re("?([a-z0-9.-]*)"?)re";
constexpr const char* version = R"re("?([a-z0-9*]+)"?)re";

TEST(KindTable, IsWhatTheBaseOfKustomizeSends) {
  EXPECT_EQ(rules_in("manifests/kustomize/base/webhook.yaml",
                     fmt::format(R"re(- \{{apiGroups: \[{}\], apiVersions: \[{}\], )re"
                                 R"re(operations: (?:&writes \[CREATE, UPDATE\]|\*writes), scope: Namespaced,\s+)re"
                                 R"re(resources: \[([^\]]*)\]\}})re",
                                 group, version)),
            generated_rules());
}

TEST(KindTable, IsWhatTheChartSends) {
  EXPECT_EQ(rules_in("manifests/helm/pinhook/templates/_webhook.tpl",
                     fmt::format(R"re(\n  \(list +{} +{} +([^)]*)\))re", group, version)),
            generated_rules());
}

// The example of the page on the webhook has the built-in kinds.
TEST(KindTable, IsWhatTheDocumentationShows) {
  auto built_in = generated_rules();
  std::erase_if(built_in, [](const auto& r) { return !r.first.ends_with(" v1"); });
  EXPECT_EQ(rules_in("docs/webhook.md", fmt::format(R"re(- \{{apiGroups: \[{}\], apiVersions: \[{}\], )re"
                                                    R"re(resources: \[([^\]]*)\], operations: \[CREATE, UPDATE\]\}})re",
                                                    group, version)),
            built_in);
}

TEST(KindTable, HasEachKindOnceAndPlacesThatCanBeFollowed) {
  strings seen, resources;
  for (const known_kind& k : known_kinds()) {
    EXPECT_TRUE(seen.insert(fmt::format("{}/{}", k.group, k.kind)).second) << k.kind;
    EXPECT_TRUE(resources.insert(fmt::format("{}/{}", k.group, k.resource)).second) << k.resource;
    EXPECT_FALSE(k.places.empty()) << k.kind;
    strings paths;
    for (const known_place& p : k.places) {
      EXPECT_TRUE(parse_path(p.path)) << k.kind << ": " << p.path;
      EXPECT_TRUE(paths.emplace(p.path).second) << k.kind << ": " << p.path;
    }
  }
}

// The kinds that cannot be changed after creation; the sources are in the table.
TEST(KindTable, KnowsWhatIsImmutable) {
  strings immutable;
  for (const known_kind& k : known_kinds())
    if (k.images == images::immutable) immutable.insert(fmt::format("{}/{}", k.group, k.kind));
  EXPECT_EQ(immutable,
            (strings{"batch/Job", "tekton.dev/TaskRun", "tekton.dev/PipelineRun", "serving.knative.dev/Revision",
                     "jobset.x-k8s.io/JobSet", "trainer.kubeflow.org/TrainJob", "apps.kruise.io/AdvancedCronJob",
                     "batch.volcano.sh/Job"}));
}

TEST(KindTable, KnowsWhatIsImmutableWhileItKeepsItsName) {
  strings named;
  for (const known_kind& k : known_kinds())
    if (k.images == images::immutable_by_name) named.insert(fmt::format("{}/{}", k.group, k.kind));
  EXPECT_EQ(named, (strings{"serving.knative.dev/Service", "serving.knative.dev/Configuration"}));
}

TEST(KindTable, DoesNotSendWhatHasNoNamespace) {
  strings left;
  for (const known_kind& k : known_kinds())
    if (!k.is_sent()) left.emplace(k.kind);
  EXPECT_EQ(left, (strings{"ClusterWorkflowTemplate", "ClusterAnalysisTemplate", "ClusterTask",
                           "ClusterTrainingRuntime", "SidecarSet"}));
}

}  // namespace
}  // namespace pinhook::pin
