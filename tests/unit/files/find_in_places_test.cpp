#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/values_places.hpp>
#include <pinhook/pin/path.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The text with every image pinned to `digit`s, and with every image back at its tag.
std::string rewritten(const std::string& text, char digit, pin::pin_format format = pin::pin_format::digest) {
  auto file = image_file::read(text, "app.yaml", {});
  EXPECT_TRUE(file) << file.error().message;
  if (!file) return {};
  std::optional<registry::digest> to;
  if (digit != '\0') to = *registry::digest::parse("sha256:" + std::string(64, digit));
  std::vector<change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i)
    if (file->slots()[i].reason == skip_reason::none) changes.push_back({i, to});
  auto out = file->rewrite(changes, format);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or("");
}

const std::string d = "sha256:" + std::string(64, 'a');

TEST(ValuesPlaces, HavePathsThatCanBeParsed) {
  for (const place_in_object& one : values_places()) EXPECT_TRUE(pin::parse_path(one.path)) << one.path;
}

TEST(FindInPlaces, ReadsValuesInAHelmRelease) {
  const std::string text = R"(apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  values:
    image:
      repository: ghcr.io/acme/web
      tag: 2.0.1
    sidecar:
      image: docker.io/acme/side:1.2
  postRenderers:
    - kustomize:
        images:
          - name: nginx
            newTag: v1.25
)";
  EXPECT_THAT(found_slots(text),
              ElementsAre("8:12 /spec/values/image | HelmRelease web | spec.values.image | ghcr.io/acme/web:2.0.1 | "
                          "ghcr.io/acme/web:2.0.1",
                          "10:14 /spec/values/sidecar/image | HelmRelease web | spec.values.sidecar.image | "
                          "docker.io/acme/side:1.2 | docker.io/acme/side:1.2",
                          "15:21 /spec/postRenderers/0/kustomize/images/0 | kustomization | nginx | nginx:v1.25 | "
                          "nginx:v1.25"));
  const std::string pinned = rewritten(text, 'a');
  EXPECT_EQ(pinned, R"(apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  values:
    image:
      repository: ghcr.io/acme/web
      tag: 2.0.1@)" + d +
                        R"(
    sidecar:
      image: docker.io/acme/side@)" +
                        d + R"( # docker.io/acme/side:1.2
  postRenderers:
    - kustomize:
        images:
          - name: nginx
            digest: )" + d +
                        R"( # nginx:v1.25
)");
  EXPECT_EQ(rewritten(pinned, '\0'), text);
}

TEST(FindInPlaces, ReadsAnApplication) {
  const std::string text = R"(apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    chart: web
    helm:
      valuesObject:
        image: {repository: ghcr.io/acme/web, tag: 2.0.1}
    kustomize:
      images:
        - ghcr.io/acme/web:2.0.1
        - nginx=docker.io/library/nginx:1.25
        - plain
)";
  EXPECT_THAT(
      found_slots(text),
      ElementsAre("9:52 /spec/source/helm/valuesObject/image | Application web | spec.source.helm.valuesObject.image | "
                  "ghcr.io/acme/web:2.0.1 | ghcr.io/acme/web:2.0.1",
                  "12:11 /spec/source/kustomize/images/0 | Application web | spec.source.kustomize.images[0] | "
                  "ghcr.io/acme/web:2.0.1 | ghcr.io/acme/web:2.0.1",
                  "13:11 /spec/source/kustomize/images/1 | Application web | spec.source.kustomize.images[1] | "
                  "docker.io/library/nginx:1.25 | docker.io/library/nginx:1.25",
                  "14:11 /spec/source/kustomize/images/2 | Application web | spec.source.kustomize.images[2] | plain | "
                  "(no-tag-here)"));
  const std::string pinned = rewritten(text, 'a', pin::pin_format::tag_and_digest);
  // kustomize's short form takes a digest or a tag, not both.
  EXPECT_EQ(pinned, R"(apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    chart: web
    helm:
      valuesObject:
        image: {repository: ghcr.io/acme/web, tag: 2.0.1@)" +
                        d + R"(}
    kustomize:
      images:
        - ghcr.io/acme/web@)" +
                        d + R"( # ghcr.io/acme/web:2.0.1
        - nginx=docker.io/library/nginx@)" +
                        d + R"( # docker.io/library/nginx:1.25
        - plain
)");
  EXPECT_EQ(rewritten(pinned, '\0'), text);
}

// As in the mappings of values: parameters around or beside the image's may be parts of its name.
TEST(FindInPlaces, LeavesParametersThatTheChartPutsTogether) {
  const auto found = [](const std::string& more) {
    const auto slots = found_slots(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n"
        "      parameters:\n      - {name: web.image.tag, value: v1}\n" +
        more);
    return slots.empty() ? std::string() : slots.back().substr(slots.back().rfind("| ") + 2);
  };
  const auto parameter = [](const std::string& name, const std::string& value) {
    return "      - {name: " + name + ", value: '" + value + "'}\n";
  };
  const std::string name = parameter("web.image.repository", "acme/web");
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"global.imageRegistry", "ghcr.io"},
                                                                                   {"imageRegistry", "ghcr.io"},
                                                                                   {"web.hub", "ghcr.io"},
                                                                                   {"web.image.tagSuffix", "-slim"},
                                                                                   {"global.tagPrefix", "v"},
                                                                                   {"web.image.namespace", "a"}})
    EXPECT_EQ(found(parameter(key, value) + name), "(split)") << key;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"global.imageRegistry", ""}, {"db.hub", "ghcr.io"}, {"web.namespace", "a"}, {"we.registry", "ghcr.io"}})
    EXPECT_EQ(found(parameter(key, value) + name), "acme/web:v1") << key;
  const std::string own = parameter("web.image.registry", "ghcr.io");
  EXPECT_EQ(found(own + name), "ghcr.io/acme/web:v1");
  EXPECT_EQ(found(parameter("global.imageRegistry", "ghcr.io") + own + name), "ghcr.io/acme/web:v1");
  EXPECT_EQ(found(parameter("global.imageRegistry", "quay.io") + own + name), "(split)");
  EXPECT_EQ(found(parameter("web.image.repository", "quay.io/acme") + parameter("web.image.name", "web")), "(split)");
  EXPECT_EQ(found(parameter("global.imageRegistry", "quay.io") + parameter("side.image", "acme/side:1")), "(split)");
  EXPECT_EQ(found(parameter("global.imageRegistry", "quay.io") + parameter("side.image", "ghcr.io/acme/side:1")),
            "ghcr.io/acme/side:1");
}

// Parameters are stronger than the values beside them: the image of the values is not the one that runs.
TEST(FindInPlaces, LeavesValuesThatParametersChange) {
  const std::string images =
      "{image: {registry: ghcr.io, repository: acme/app, tag: v1}, web: {image: 'acme/web:v1'}, "
      "db: {image: {repository: acme/db, tag: v1}, initImage: 'quay.io/acme/init:v1'}}";
  const std::string app = "ghcr.io/acme/app:v1", web = "acme/web:v1", db = "acme/db:v1", init = "quay.io/acme/init:v1";
  const auto read = [](const std::string& text) {
    std::vector<std::string> out;
    for (const std::string& one : found_slots(text)) out.push_back(one.substr(one.rfind("| ") + 2));
    std::ranges::sort(out);
    return out;
  };
  const auto sorted = [](std::vector<std::string> all) {
    std::ranges::sort(all);
    return all;
  };
  const std::string left = "(split)";
  const std::string argo = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n";
  struct row {
    std::string name, value;
    std::vector<std::string> expected;
  };
  for (const row& one : std::vector<row>{{"global.imageRegistry", "quay.io", {left, left, left, init}},
                                         {"global.imageRegistry", "ghcr.io", {app, left, left, init}},
                                         {"global.imageRegistry", "", {app, web, db, init}},
                                         {"hub", "quay.io", {left, left, left, init}},
                                         {"global.tagSuffix", "-slim", {left, left, left, left}},
                                         {"image.tag", "v9", {left, web, db, init}},
                                         {"image.repository", "other/app", {left, web, db, init}},
                                         {"image.digest", d, {left, web, db, init}},
                                         {"image.registry", "ghcr.io", {app, web, db, init}},
                                         {"image.registry", "quay.io", {left, web, db, init}},
                                         {"web.image", "acme/web:v2", {app, left, db, init}},
                                         {"web.registry", "quay.io", {app, left, db, init}},
                                         {"db", "null", {app, web, left, left}},
                                         {"db.image.namespace", "x", {app, web, left, init}},
                                         {"db.initImageTag", "v2", {app, web, db, left}},
                                         {"we.registry", "quay.io", {app, web, db, init}},
                                         {"image.pullPolicy", "Always", {app, web, db, init}}}) {
    const std::string parameter = "[{name: " + one.name + ", value: '" + one.value + "'}]\n";
    const auto expected = sorted(one.expected);
    const bool is_image = one.name == "web.image";
    const auto of_values = [&](const std::string& text) {
      auto out = read(text);
      // The parameter's own image.
      std::erase(out, is_image ? "acme/web:v2" : "(no-tag-here)");
      return out;
    };
    EXPECT_EQ(of_values(argo + "      valuesObject: " + images + "\n      parameters: " + parameter), expected)
        << one.name;
    EXPECT_EQ(of_values(argo + "      values: \"" + images + "\"\n      parameters: " + parameter), expected)
        << one.name;
    EXPECT_EQ(of_values("apiVersion: helm.crossplane.io/v1beta1\nkind: Release\nspec:\n  forProvider:\n    values: " +
                        images + "\n    set: " + parameter),
              expected)
        << one.name;
    EXPECT_EQ(of_values("apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: |\n    " + images +
                        "\n  set: {" + one.name + ": '" + one.value + "'}\n"),
              expected)
        << one.name;
  }
  const std::string file = "      fileParameters: [{name: image.tag, path: tag.txt}]\n";
  EXPECT_EQ(read(argo + "      valuesObject: " + images + "\n" + file), sorted({left, web, db, init}));
  // The mapping is read alone.
  EXPECT_EQ(read(argo + "      values: \"image: 'acme/web:v1'\"\n      valuesObject: {a: {image: 'acme/db:v1'}}\n"),
            sorted({left, db}));
  // Those of another source are not beside.
  EXPECT_EQ(read("apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  sources:\n  - helm: {valuesObject: " +
                 images + "}\n  - helm: {parameters: [{name: image.tag, value: v9}]}\n"),
            sorted({app, web, db, init}));
}

// And the other way round: what the values say around the image of a parameter counts for it.
TEST(FindInPlaces, LeavesParametersThatValuesComplete) {
  const auto read = [](const std::string& values, const std::string& more = "") {
    std::string out;
    for (const std::string& key : {"values: \"" + values + "\"", "valuesObject: " + values}) {
      const auto slots =
          found_slots("apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      " + key +
                      "\n      parameters:\n      - {name: web.image.repository, value: acme/web}\n"
                      "      - {name: web.image.tag, value: v1}\n      - {name: side.image, value: 'acme/side:v1'}\n" +
                      more);
      for (const std::string& one : slots) out += one.substr(one.rfind("| ") + 2) + " ";
    }
    return out;
  };
  const std::string both = "acme/web:v1 acme/side:v1 ", none = "(split) (split) ";
  EXPECT_EQ(read("{global: {imageRegistry: quay.io}}"), none + none);
  EXPECT_EQ(read("{hub: quay.io}"), none + none);
  EXPECT_EQ(read("{web: {image: {registry: quay.io}}}"), "(split) acme/side:v1 (split) acme/side:v1 ");
  EXPECT_EQ(read("{web: {image: {tagSuffix: -slim}}}"), "(split) acme/side:v1 (split) acme/side:v1 ");
  EXPECT_EQ(read("{side: {registry: quay.io}}"), "acme/web:v1 (split) acme/web:v1 (split) ");
  EXPECT_EQ(read("{web: {replicas: 2}, other: {registry: quay.io}, global: {imageRegistry: ''}}"), both + both);
  EXPECT_EQ(read("{web: {image: {registry: quay.io}}}", "      - {name: web.image.registry, value: ghcr.io}\n"),
            "ghcr.io/acme/web:v1 acme/side:v1 ghcr.io/acme/web:v1 acme/side:v1 ");
}

// In Flux the values of the release are the stronger ones.
TEST(FindInPlaces, LeavesValuesThatOthersComplete) {
  const auto read = [](const std::string& target) {
    const auto slots = found_slots(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  valuesFrom:\n"
        "  - {kind: Secret, name: s, targetPath: " +
        target +
        "}\n  values: {image: {repository: acme/app, tag: v1, registry: quay.io}, web: {image: 'acme/web:v1'}}\n");
    std::string out;
    for (const std::string& one : slots) out += one.substr(one.rfind("| ") + 2) + " ";
    return out;
  };
  EXPECT_EQ(read("image.tag"), "quay.io/acme/app:v1 acme/web:v1 ");
  EXPECT_EQ(read("image.registry"), "quay.io/acme/app:v1 acme/web:v1 ");
  EXPECT_EQ(read("image.digest"), "(split) acme/web:v1 ");
  EXPECT_EQ(read("web.registry"), "quay.io/acme/app:v1 (split) ");
  EXPECT_EQ(read("global.imageRegistry"), "(split) (split) ");
}

TEST(FindInPlaces, ReadsValuesThatAreText) {
  const std::string text = R"(apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  template:
    spec:
      sources:
        - chart: web
          helm:
            values: |
              # ours
              image:
                repository: ghcr.io/acme/web   # the web
                tag: "2.0.1"
                digest:

              job: {image: 'busybox:1.36'}
              init:
                image: nginx:1.25
            parameters:
              - {name: sidecar.image.repository, value: acme/side}
              - {name: sidecar.image.tag, value: "1.2"}
              - {name: proxy.image, value: "acme/proxy:3"}
)";
  EXPECT_THAT(
      found_slots(text),
      ElementsAre("22:50 /spec/template/spec/sources/0/helm/parameters | ApplicationSet web | sidecar.image | "
                  "acme/side:1.2 | acme/side:1.2",
                  "23:44 /spec/template/spec/sources/0/helm/parameters/2/value | ApplicationSet web | proxy.image | "
                  "acme/proxy:3 | acme/proxy:3",
                  "14:22 /spec/template/spec/sources/0/helm/values/image | ApplicationSet web | "
                  "spec.template.spec.sources[0].helm.values.image | ghcr.io/acme/web:2.0.1 | ghcr.io/acme/web:2.0.1",
                  "17:28 /spec/template/spec/sources/0/helm/values/job/image | ApplicationSet web | "
                  "spec.template.spec.sources[0].helm.values.job.image | busybox:1.36 | busybox:1.36",
                  "19:24 /spec/template/spec/sources/0/helm/values/init/image | ApplicationSet web | "
                  "spec.template.spec.sources[0].helm.values.init.image | nginx:1.25 | nginx:1.25"));
  const std::string pinned = rewritten(text, 'a');
  EXPECT_EQ(pinned, R"(apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  template:
    spec:
      sources:
        - chart: web
          helm:
            values: |
              # ours
              image:
                repository: ghcr.io/acme/web   # the web
                tag: "2.0.1"
                digest: )" +
                        d + R"(

              job: {image: 'busybox@)" +
                        d + R"('} # busybox:1.36
              init:
                image: nginx@)" +
                        d + R"( # nginx:1.25
            parameters:
              - {name: sidecar.image.repository, value: acme/side}
              - {name: sidecar.image.tag, value: "1.2@)" +
                        d + R"("}
              - {name: proxy.image, value: "acme/proxy@)" +
                        d + R"("} # acme/proxy:3
)");
  EXPECT_EQ(rewritten(pinned, '\0'), text);
}

struct place_case {
  std::string_view type;  // apiVersion and kind
  std::string_view rest;
  std::string_view expected;  // the name and the image
};

TEST(FindInPlaces, ReadsTheKindsOfManyPrograms) {
  const place_case cases[] = {
      {"helm.fluxcd.io/v1 HelmRelease", "spec: {values: {image: 'a/b:1'}}", "spec.values.image | a/b:1"},
      {"kustomize.config.k8s.io/v1beta1 Kustomization",
       "patches:\n  - patch: |\n      - {op: replace, path: /spec/template/spec/containers/0/image, value: 'a/b:1'}",
       "patches[0].patch[0].value | a/b:1"},
      {"kustomize.config.k8s.io/v1beta1 Kustomization",
       "patchesJson6902:\n  - patch: |-\n      - op: add\n        path: /spec/template/spec/containers/-\n"
       "        value: {name: side, image: nginx}",
       "patchesJson6902[0].patch[0].value.image | nginx"},
      {"argoproj.io/v1alpha1 Workflow",
       "spec: {templates: [{inputs: {artifacts: [{raw: {data: '{apiVersion: v1, kind: Pod, spec: {containers: [{image: "
       "a/b:1}]}}'}}]}}]}",
       "spec.containers[0].image | a/b:1"},
      {"kustomize.toolkit.fluxcd.io/v1 Kustomization", "spec: {images: [{name: a/b, newTag: v1}]}", "a/b | a/b:v1"},
      {"helm.crossplane.io/v1beta1 Release", "spec: {forProvider: {values: {image: 'a/b:1'}}}",
       "spec.forProvider.values.image | a/b:1"},
      {"helm.m.crossplane.io/v1beta1 Release",
       "spec: {forProvider: {set: [{name: image.repository, value: a/b}, {name: image.tag, value: v1}]}}",
       "image | a/b:v1"},
      {"helm.cattle.io/v1 HelmChart", "spec: {set: {image.repository: a/b, image.tag: v1}}", "image | a/b:v1"},
      {"helm.cattle.io/v1 HelmChart", "spec:\n  valuesContent: |-\n    image: {repository: a/b, tag: v1}",
       "spec.valuesContent.image | a/b:v1"},
      {"helm.cattle.io/v1 HelmChartConfig",
       "spec:\n  valuesContent: |\n    image:\n      repository: a/b\n      tag: v1",
       "spec.valuesContent.image | a/b:v1"},
      {"fleet.cattle.io/v1alpha1 Bundle", "spec: {targets: [{helm: {values: {image: 'a/b:1'}}}]}",
       "spec.targets[0].helm.values.image | a/b:1"},
      {"addons.cluster.x-k8s.io/v1alpha1 HelmChartProxy", "spec:\n  valuesTemplate: |\n    image: a/b:1",
       "spec.valuesTemplate.image | a/b:1"},
      {"config.projectsveltos.io/v1beta1 ClusterProfile", "spec:\n  helmCharts:\n  - values: |\n      image: a/b:1",
       "spec.helmCharts[0].values.image | a/b:1"},
      {"k0s.k0sproject.io/v1beta1 ClusterConfig",
       "spec:\n  extensions:\n    helm:\n      charts:\n      - values: |\n          image: a/b:1",
       "spec.extensions.helm.charts[0].values.image | a/b:1"},
      {"kustomize.config.k8s.io/v1beta1 Kustomization", "helmCharts: [{name: x, valuesInline: {image: 'a/b:1'}}]",
       "helmCharts[0].valuesInline.image | a/b:1"},
      {"builtin HelmChartInflationGenerator", "valuesInline: {image: 'a/b:1'}", "valuesInline.image | a/b:1"},
  };
  for (const place_case& one : cases) {
    const auto space = one.type.find(' ');
    const std::string text =
        fmt::format("apiVersion: {}\nkind: {}\n{}\n", one.type.substr(0, space), one.type.substr(space + 1), one.rest);
    const auto slots = found_slots(text);
    ASSERT_EQ(slots.size(), 1U) << text << ::testing::PrintToString(slots);
    EXPECT_THAT(slots[0], ::testing::HasSubstr(fmt::format("| {} |", one.expected))) << text;
    const std::string pinned = rewritten(text, 'a');
    EXPECT_THAT(pinned, ::testing::HasSubstr(d)) << text;
    EXPECT_EQ(rewritten(pinned, '\0'), text);
  }
}

// The keys around the values are no values: they are no parts of an image.
TEST(FindInPlaces, TakesNoPartsFromOutsideOfTheValues) {
  EXPECT_THAT(found_slots("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {registry: x.io, version: "
                          "'1', values: {image: {repository: a/b, tag: v1}, job: {image: nginx}}}\n"),
              ElementsAre("3:77 /spec/values/image | HelmRelease | spec.values.image | a/b:v1 | a/b:v1",
                          "3:95 /spec/values/job/image | HelmRelease | spec.values.job.image | nginx | nginx"));
}

TEST(FindInPlaces, LeavesTextThatItCannotRead) {
  for (const std::string_view values :
       {">\n  image: nginx:1.25\n  x: 1", "|\n  image: [a", "|\n  {{ .x }}: image",
        "|\n  image: nginx:1\n  image: nginx:2", "|\n  just text about an image", "{image: 'nginx:1.25'}"})
    EXPECT_THAT(
        found_slots(fmt::format("apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n valuesContent: {}\n", values)),
        IsEmpty())
        << values;
}

TEST(FindInPlaces, LeavesImagesOfALabelledObject) {
  EXPECT_THAT(found_slots("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, labels: "
                          "{pinhook.dev/pin: skip}}\nspec: {values: {image: 'a/b:1'}}\n"),
              ElementsAre("4:24 /spec/values/image | HelmRelease a | spec.values.image | a/b:1 | (skip-label)"));
}

TEST(FindInPlaces, KeepsCrLfAndComments) {
  const std::string text =
      "apiVersion: helm.cattle.io/v1\r\nkind: HelmChartConfig\r\nspec:\r\n  valuesContent: |-\r\n    image:\r\n"
      "      repository: a/b # ours\r\n      tag: v1  # the tag\r\n    job:\r\n      image: nginx:1.25 # ours\r\n";
  const std::string pinned = rewritten(text, 'a');
  EXPECT_EQ(pinned,
            "apiVersion: helm.cattle.io/v1\r\nkind: HelmChartConfig\r\nspec:\r\n  valuesContent: |-\r\n    image:\r\n"
            "      repository: a/b # ours\r\n      tag: v1@" +
                d + "  # the tag\r\n    job:\r\n      image: nginx@" + d + " # nginx:1.25 # ours\r\n");
  EXPECT_EQ(rewritten(pinned, '\0'), text);
}

}  // namespace
}  // namespace pinhook::files
