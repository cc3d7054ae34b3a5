#include <pinhook/pipeline/value_stacks.hpp>

#include "support/certificates.hpp"

#include <pinhook/pipeline/kustomization_renames.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::temporary_directory;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* own = "image: {repository: acme/app, tag: v1}\n";
constexpr const char* other = "image: {repository: acme/two}\n";

class ValueStacks : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    const auto path = files_.write(name, text).string();
    std::erase_if(inputs_, [&](const input& one) { return one.path == path; });
    inputs_.push_back({path, files::image_file::read(text, path, places_), false});
  }
  // "web/values.yaml 0 acme/two:v1 (prod/values.yaml)"
  std::vector<std::string> found() {
    std::vector<const input*> all;
    for (const auto& one : inputs_) all.push_back(&one);
    const auto renames = renames_in(all, {}, places_);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto& [slot, to] : renames[i])
        out.push_back(fmt::format("{} {} {} ({})", shown(all[i]->path), slot,
                                  to.problem.empty() ? to.text : shown(to.problem.substr(0, to.problem.find(','))),
                                  shown(to.by)));
    return out;
  }
  [[nodiscard]] std::string shown(const std::string& path) const {
    const std::string before = files_.path().string() + "/";
    return path.starts_with(before) ? path.substr(before.size()) : path;
  }
  static std::string application(const std::string& source) {
    return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source: {" + source + "}\n";
  }
  static std::string release(const std::string& spec) {
    return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec: {" + spec + "}\n";
  }

  temporary_directory files_;
  files::image_places places_;
  std::vector<input> inputs_;
};

TEST_F(ValueStacks, OfApplicationsAreTheirFilesAndObjects) {
  write("charts/web/values.yaml", own);
  write("env/prod/values.yaml", other);
  const auto by_file = ElementsAre("charts/web/values.yaml 0 acme/two:v1 (env/prod/values.yaml)");
  for (const char* source : {"path: charts/web, helm: {valueFiles: [../../env/prod/values.yaml]}",
                             "path: ./charts/web/, helm: {valueFiles: [values.yaml, /env/prod/values.yaml]}",
                             "path: charts/web, helm: {valueFiles: [$values/env/prod/values.yaml]}"}) {
    write("argo/apps/web.yaml", application(source));
    EXPECT_THAT(found(), by_file) << source;
  }
  write("argo/apps/web.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  template:\n    spec:\n      sources:\n"
        "      - {path: charts/web, helm: {valueFiles: [../../env/prod/values.yaml]}}\n");
  EXPECT_THAT(found(), by_file);
  write("argo/apps/web.yaml", application("path: charts/web, helm: {valueFiles: [values.yaml], valuesObject: "
                                          "{image: {repository: acme/three}}}"));
  EXPECT_THAT(found(), ElementsAre("charts/web/values.yaml 0 acme/three:v1 (argo/apps/web.yaml)"));
  for (const char* source : {"path: charts/web, helm: {valueFiles: [prod.yaml]}", "path: charts/web",
                             "path: charts/other, helm: {valueFiles: [../../env/prod/values.yaml]}",
                             "path: '{{path}}', helm: {valueFiles: ['{{env}}/values.yaml']}"}) {
    write("argo/apps/web.yaml", application(source));
    EXPECT_THAT(found(), IsEmpty()) << source;
  }
}

TEST_F(ValueStacks, OfReleasesAreFilesAndConfigMaps) {
  const std::string by_name = "valuesFrom: [{kind: ConfigMap, name: vals}], values: {image: {repository: acme/two}}";
  write("web/kustomization.yaml", "configMapGenerator: [{name: vals, files: [values.yaml=values-web.yaml]}]\n");
  write("web/values-web.yaml", own);
  write("web/release.yaml", release(by_name));
  EXPECT_THAT(found(), ElementsAre("web/values-web.yaml 0 acme/two:v1 (web/release.yaml)"));
  write("web/kustomization.yaml", "configMapGenerator: [{name: others, files: [values.yaml=values-web.yaml]}]\n");
  EXPECT_THAT(found(), IsEmpty());
  write("web/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vals}\ndata:\n  values.yaml: |\n    global: "
        "{imageRegistry: m.example}\n    x: 1\n");
  write("web/release.yaml", release("valuesFrom: [{kind: ConfigMap, name: vals}], values: {image: acme/app:v1}"));
  EXPECT_THAT(found(), ElementsAre("web/release.yaml 0 web/map.yaml has global.imageRegistry (web/map.yaml)"));
  write("web/release.yaml", release("values: {image: acme/app:v1}"));
  EXPECT_THAT(found(), IsEmpty());
  write("charts/web/values.yaml", own);
  write("charts/web/prod.yaml", other);
  write("web/release.yaml", release("chart: {spec: {chart: ./charts/web, valuesFiles: [charts/web/prod.yaml]}}"));
  EXPECT_THAT(found(), ElementsAre("charts/web/values.yaml 0 acme/two:v1 (charts/web/prod.yaml)"));
}

TEST_F(ValueStacks, OfKustomizationsAreThoseOfTheirCharts) {
  write("charts/web/values.yaml", own);
  write("my.yaml", own);
  const std::string chart = "helmCharts:\n- name: web\n  valuesFile: my.yaml\n";
  write("kustomization.yaml", chart + "  valuesInline: {image: {repository: acme/two}}\n");
  EXPECT_THAT(found(), ElementsAre("charts/web/values.yaml 0 acme/two:v1 (kustomization.yaml)"))
      << "my.yaml alone is no file of values";
  write("values-my.yaml", own);
  write("kustomization.yaml",
        "helmGlobals: {chartHome: ./none}\nhelmCharts:\n- name: web\n  valuesFile: values-my.yaml\n"
        "  additionalValuesFiles: [add.yaml]\n");
  write("add.yaml", other);
  EXPECT_THAT(found(), ElementsAre("values-my.yaml 0 acme/two:v1 (add.yaml)"));
}

TEST_F(ValueStacks, OfHelmfilesAreThoseOfAReleaseInTheirOrder) {
  write("web/values.yaml", own);
  write("over.yaml", other);
  write("helmfile.yaml", "releases:\n- name: web\n  chart: ./web\n  values:\n  - over.yaml\n");
  EXPECT_THAT(found(), ElementsAre("web/values.yaml 0 acme/two:v1 (over.yaml)"));
  write("helmfile.yaml",
        "releases:\n- name: web\n  values:\n  - image: {repository: acme/app, tag: v1}\n"
        "  - image: {repository: acme/three}\n- values: [over.yaml, 7, {a: [}]}]\n");
  EXPECT_THAT(found(), IsEmpty()) << "it is not YAML";
  write("helmfile.yaml",
        "releases:\n- name: web\n  values:\n  - image: {repository: acme/app, tag: v1}\n"
        "  - image: {repository: acme/three}\n- values: [over.yaml, 7]\n");
  EXPECT_THAT(found(), ElementsAre("helmfile.yaml 0 acme/three:v1 (helmfile.yaml)"));
}

std::string map_of(const std::string& name_space, const std::string& values) {
  return fmt::format("kind: ConfigMap\nmetadata: {{name: vals{}}}\ndata:\n  values.yaml: |\n    x: 1\n    {}\n",
                     name_space.empty() ? "" : ", namespace: " + name_space, values);
}

// Each application has its `vals`.
TEST_F(ValueStacks, OfReleasesAreNotThoseOfOtherNamespacesOrFolders) {
  const std::string from = "valuesFrom: [{kind: ConfigMap, name: vals}]";
  const std::string mirror = "global: {imageRegistry: m.example}";
  const auto release_in = [&](const std::string& name_space) {
    return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web" +
           (name_space.empty() ? "" : ", namespace: " + name_space) + "}\nspec: {" + from +
           ", values: {image: acme/app:v1}}\n";
  };
  write("db/map.yaml", map_of("db", mirror));
  write("web/release.yaml", release_in("web"));
  EXPECT_THAT(found(), IsEmpty());
  for (const char* name_space : {"db", ""}) {
    write("web/release.yaml", release_in(name_space));
    EXPECT_THAT(found(), ElementsAre("web/release.yaml 0 db/map.yaml has global.imageRegistry (db/map.yaml)"))
        << name_space;
  }
  const std::string generator = "configMapGenerator: [{name: vals, files: [values.yaml=of.yaml]}]\n";
  write("db/map.yaml", "");
  write("db/of.yaml", mirror + "\n");
  write("web/of.yaml", "x: 1\n");
  write("db/kustomization.yaml", generator + "resources: [x.yaml]\n");
  EXPECT_THAT(found(), ElementsAre("web/release.yaml 0 db/of.yaml has global.imageRegistry (db/of.yaml)"));
  write("web/kustomization.yaml", generator + "resources: [release.yaml]\n");
  EXPECT_THAT(found(), IsEmpty()) << "its own folder makes one";
  write("db/kustomization.yaml", generator + "resources: [../web]\n");
  EXPECT_THAT(found(), ElementsAre("web/release.yaml 0 db/of.yaml has global.imageRegistry (db/of.yaml)"));
}

TEST_F(ValueStacks, HaveOneOfSeveralObjectsOfAName) {
  const auto generated = [&](const std::string& folder, const std::string& values) {
    write(folder + "/values-web.yaml", values);
    write(folder + "/kustomization.yaml",
          "configMapGenerator: [{name: vals, files: [values.yaml=values-web.yaml]}]\nresources: [../base]\n");
  };
  write("base/release.yaml", release("valuesFrom: [{kind: ConfigMap, name: vals}], values: {replicas: 2}"));
  generated("prod", own);
  generated("test", other);
  EXPECT_THAT(found(), IsEmpty()) << "those of prod and test are never merged";
  write("base/release.yaml", release("valuesFrom: [{kind: ConfigMap, name: vals}], values: " + std::string("{") +
                                     std::string(other).substr(0, std::string_view(other).size() - 1) + "}"));
  EXPECT_THAT(found(), ElementsAre("prod/values-web.yaml 0 acme/two:v1 (base/release.yaml)"));
}

TEST_F(ValueStacks, HaveLimits) {
  const std::string from = "valuesFrom: [{kind: ConfigMap, name: vals}]";
  for (std::size_t i = 0; i < max_values_of_name; ++i)
    write(fmt::format("other/a{}/map.yaml", i), map_of("", "x{}: 1"));
  write("web/b/map.yaml", map_of("", "global: {imageRegistry: m.example}"));
  write("web/a/release.yaml", release(from + ", values: {image: acme/app:v1}"));
  EXPECT_EQ(found().size(), 1U) << "the nearest count";
  std::string names = "v/values-0.yaml";
  write("v/values-0.yaml", own);
  write("v/over.yaml", other);
  for (std::size_t i = 3; i < max_stacked_values; ++i) names += ", none.yaml";
  write("release.yaml", release("chart: {spec: {valuesFiles: [" + names + ", v/over.yaml]}}, values: {x: 1}"));
  EXPECT_EQ(found().size(), 2U);
  for (int i = 0; i < 100; ++i) names += ", v/values-0.yaml";
  write("release.yaml", release("chart: {spec: {valuesFiles: [" + names + ", v/over.yaml]}}, values: {x: 1}"));
  EXPECT_EQ(found().size(), 1U);
  write("release.yaml",
        release("chart: {spec: {valuesFiles: [" + names + "]}}, values: {image: {repository: acme/two}}"));
  EXPECT_EQ(found().size(), 2U) << "the last one counts";
}

}  // namespace
}  // namespace pinhook::pipeline
