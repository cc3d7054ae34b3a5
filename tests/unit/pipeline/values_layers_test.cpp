#include <pinhook/pipeline/values_layers.hpp>

#include "support/certificates.hpp"
#include "unit/pipeline/pin_run_fixture.hpp"

#include <pinhook/files/lock_file.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/lock_run.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::temporary_directory;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ValuesLayers : public PinRun {
 protected:
  ValuesLayers() { options.target = run_target::in_place; }

  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    return files_.write(name, text).string();
  }

  // "quay.io/acme/app:v1 (values-prod.yaml)"; "values-prod.yaml has global.hub" of a problem.
  std::vector<std::string> found(const std::string& path) {
    const auto full = (files_.path() / path).string();
    const auto content = files::image_file::read(read_input_text(full).value_or(""), full, places);
    values_layers layers;
    std::vector<std::string> out;
    if (!content || !layers.has_any(full)) return out;
    for (const auto& [index, one] : layers.renamed(full, *content))
      out.push_back(one.problem.empty() ? fmt::format("{}{} ({})", one.text, one.ref ? "" : " (none)", shown(one.by))
                                        : shown(one.problem.substr(0, one.problem.find(','))));
    return out;
  }
  std::vector<std::string> over(const std::string& base, const std::string& layer) {
    write("values.yaml", base);
    write("values-prod.yaml", layer);
    return found("values.yaml");
  }
  [[nodiscard]] std::string shown(const std::string& text) const {
    const std::string before = files_.path().string() + "/";
    return text.starts_with(before) ? text.substr(before.size()) : text;
  }

  temporary_directory files_;
};

constexpr const char* by_tag = "web: {image: {repository: acme/app, tag: v1}}\n";
constexpr const char* by_digest = "web: {image: {registry: docker.io, repository: acme/app, tag: v1, digest: ''}}\n";

// The digest in the tag goes with the tag, the one in `digest` stays.
TEST_F(ValuesLayers, GiveImagesAnotherNameOrTag) {
  struct row {
    const char *base, *layer, *image;
  };
  for (const row& one : std::vector<row>{
           {by_tag, "web: {image: {repository: quay.io/acme/app}}", "quay.io/acme/app:v1"},
           {by_tag, "web: {image: {registry: quay.io}}", "quay.io/acme/app:v1"},
           {by_digest, "web: {image: {registry: quay.io}}", "quay.io/acme/app:v1"},
           {by_digest, "web: {image: {repository: acme/other}}", "docker.io/acme/other:v1"},
           {by_digest, "web: {image: {tag: v2}}", "docker.io/acme/app:v2"},
           {by_digest, "web: {image: {repository: acme/app, tag: v2, registry: quay.io}}", "quay.io/acme/app:v2"},
           {"image: {repository: acme/app, tag: v1, sha256: ''}", "image: {tag: v2}", "acme/app:v2"},
           {"image: {repo: acme/app, version: v1}", "image: {repo: acme/two}", "acme/two:v1"},
           {"image: acme/app\ntag: v1\n", "image: acme/two", "acme/two:v1"},
           {"image: {repository: acme/app, tag: v1@"
            "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
            "image: {registry: quay.io}", "quay.io/acme/app:v1"},
           {by_tag, "web: {image: {repository: 'quay.io/${NAME}'}}", "quay.io/${NAME}:v1 (none)"},
       })
    EXPECT_THAT(over(one.base, one.layer), ElementsAre(fmt::format("{} (values-prod.yaml)", one.image)))
        << one.base << one.layer;
}

TEST_F(ValuesLayers, LeaveImagesThatTheyDoNotChangeOrGiveWhole) {
  struct row {
    const char *base, *layer;
  };
  for (const row& one : std::vector<row>{
           {by_tag, "web: {replicas: 2}"},
           {by_tag, "api: {image: {repository: quay.io/acme/app}}"},
           {by_tag, "web: {image: {tag: v2}}"},
           {by_tag, "web: {image: {repository: quay.io/acme/app, tag: v2}}"},
           {by_tag, "web: {image: {registry: docker.io}}"},
           {by_tag, "web: {image: {repository: docker.io/acme/app, pullPolicy: Always}}"},
           {by_tag, "web: {image: {repository: ~, registry: ''}}"},
           {by_digest, "web: {image: {tag: v2, digest: 'sha256:00'}}"},
           {by_digest, "web: {image: {tag: v1}}"},
           {by_tag, "web:\n- image: {repository: x}\n"},
           {"web: [{image: {repository: acme/app, tag: v1}}]", "web: [{image: {repository: acme/two}}]"},
           {by_tag, "global: {imageRegistry: ''}"},
           {"image: {repository: quay.io/acme/app, tag: v1}", "global: {imageRegistry: m.example}"},
           {by_tag, "{{ not: yaml"},
           {by_tag, ""},
       })
    EXPECT_THAT(over(one.base, one.layer), IsEmpty()) << one.base << one.layer;
}

// A chart takes what the upper values do not give from those below.
TEST_F(ValuesLayers, AreBelowTheNamesOfOthers) {
  struct row {
    const char *own, *below, *image;
  };
  for (const row& one : std::vector<row>{
           {by_tag, "web: {image: {registry: quay.io, repository: x}}", "quay.io/acme/app:v1 (values.yaml)"},
           {by_digest, "web: {image: {registry: quay.io}}", ""},
           {"web: {image: {registry: '', repository: acme/app, tag: v1}}", "web: {image: {registry: quay.io}}", ""},
           {"web: {image: {repository: ghcr.io/app, tag: v1}}", "web: {image: {registry: quay.io}}", ""},
           {by_tag, "web: {image: {registry: docker.io}}", ""},
           {by_tag, "web: {image: {repository: quay.io/x, tag: v3}}", ""},
           {by_tag, "global: {imageRegistry: m.example}", "values.yaml has global.imageRegistry"},
           {by_tag, "global: {imageRegistry: docker.io}", ""},
           {"global: {imageRegistry: ''}\nimage: {repository: acme/app, tag: v1}", "global: {imageRegistry: m.example}",
            ""},
           {"image: acme/app:v1", "global: {imageRegistry: m.example}", "values.yaml has global.imageRegistry"},
           {"image: acme/app:v1", "image: {registry: m.example}", ""},
       }) {
    write("values.yaml", one.below);
    write("values-prod.yaml", one.own);
    const auto images = found("values-prod.yaml");
    EXPECT_EQ(images.empty() ? "" : images[0], one.image) << one.own << one.below;
  }
}

TEST_F(ValuesLayers, ReachImagesThatAreOneText) {
  EXPECT_THAT(over("image: acme/app:v1", "global: {imageRegistry: m.example}"),
              ElementsAre("values-prod.yaml has global.imageRegistry"));
  EXPECT_THAT(over("web: {image: acme/app:v1}", "web: {registry: m.example}"),
              ElementsAre("values-prod.yaml has web.registry"));
  EXPECT_THAT(over("web: {image: acme/app:v1}", "web: {image: acme/two:v2, registry: m.example}"), IsEmpty());
  EXPECT_THAT(over("web: {image: quay.io/acme/app:v1}", "web: {registry: m.example}"), IsEmpty());
  EXPECT_THAT(over("image: {registry: quay.io, repository: acme/app, tag: v1}", "image: {registry: ''}"),
              ElementsAre("acme/app:v1 (values-prod.yaml)"));
}

TEST_F(ValuesLayers, MayHoldARegistryOfAll) {
  for (const std::string key : {"global.imageRegistry", "global.hub", "web.registry", "web.imagePrefix", "registry"}) {
    std::string text = key + ": m.example";
    if (const auto dot = key.find('.'); dot != std::string::npos)
      text = fmt::format("{}: {{{}: m.example}}", key.substr(0, dot), key.substr(dot + 1));
    EXPECT_THAT(over(by_tag, text), ElementsAre("values-prod.yaml has " + key));
  }
  EXPECT_THAT(over("global: {imageRegistry: m.example}\nimage: {registry: '', repository: acme/app, tag: v1}\n",
                   "global: {imageRegistry: m.example}"),
              IsEmpty());
}

TEST_F(ValuesLayers, AreKnownByTheirNames) {
  const std::string other = "web: {image: {repository: acme/two}}\n";
  write("values.yaml", by_tag);
  write("values-prod.yaml", by_tag);
  write("values-prod-eu.yaml", other);
  write("values-production.yml", other);
  write("eu-values.yaml", other);
  write("notes.yaml", other);
  write("env/values-dev.yaml", other);
  EXPECT_THAT(found("values.yaml"), ElementsAre("acme/two:v1 (eu-values.yaml)", "acme/two:v1 (values-prod-eu.yaml)",
                                                "acme/two:v1 (values-production.yml)"));
  EXPECT_THAT(found("values-prod.yaml"), ElementsAre("acme/two:v1 (values-prod-eu.yaml)"));
  write("Chart.yaml", "name: x\n");
  write("ci/test-values.yaml", other);
  write("charts/dep/values.yaml", other);
  EXPECT_THAT(found("values.yaml"), ::testing::Contains("acme/two:v1 (env/values-dev.yaml)").Times(1));
  EXPECT_THAT(found("values.yaml"), ::testing::SizeIs(4));
  EXPECT_FALSE(values_layers().has_any("-"));
}

TEST_F(ValuesLayers, OfAChartReachItsDependencies) {
  write("Chart.yaml", "name: x\n");
  write("charts/dep/Chart.yaml", "name: dep\n");
  write("charts/dep/values.yaml", by_tag);
  write("values.yaml", "dep: {web: {image: {repository: acme/two}}}\nweb: {image: {repository: acme/three}}\n");
  EXPECT_THAT(found("charts/dep/values.yaml"), ElementsAre("acme/two:v1 (values.yaml)"));
  write("values.yaml", "global: {imageRegistry: m.example}\n");
  EXPECT_THAT(found("charts/dep/values.yaml"), ElementsAre("values.yaml has global.imageRegistry"));
}

// Under the alias of a dependency, through several charts, and into charts that stand beside.
TEST_F(ValuesLayers, OfAChartReachDependenciesOfAnyKind) {
  const std::string image = "image: {repository: acme/app, tag: v1}\n";
  write("app/Chart.yaml",
        "name: app\ndependencies:\n- {name: dep, alias: db}\n- {name: lib, repository: 'file://../lib'}\n");
  write("app/values.yaml",
        "dep: {image: {repository: acme/none}}\ndb: {image: {repository: acme/two}, in: {image: {repository: x}}}\n"
        "lib: {image: {repository: acme/three}}\n");
  write("app/charts/dep/Chart.yaml", "name: dep\n");
  write("app/charts/dep/values.yaml", image);
  write("app/charts/dep/charts/in/Chart.yaml", "name: in\n");
  write("app/charts/dep/charts/in/values.yaml", image);
  write("lib/Chart.yaml", "name: lib\n");
  write("lib/values.yaml", image);
  EXPECT_THAT(found("app/charts/dep/values.yaml"), ElementsAre("acme/two:v1 (app/values.yaml)"));
  EXPECT_THAT(found("app/charts/dep/charts/in/values.yaml"), ElementsAre("x:v1 (app/values.yaml)"));
  EXPECT_THAT(found("lib/values.yaml"), ElementsAre("acme/three:v1 (app/values.yaml)"));
  write("app/values.yaml", "db: {global: {imageRegistry: m.example}}\n");
  EXPECT_THAT(found("app/charts/dep/charts/in/values.yaml"), ElementsAre("app/values.yaml has global.imageRegistry"));
}

// The registry of a dependency's own values stands before a name that the chart around gives.
TEST_F(ValuesLayers, OfADependencyAreBelowThoseOfTheChart) {
  write("Chart.yaml", "name: x\nrequirements: 1\n");
  write("requirements.yaml", "dependencies: [{name: dep, alias: db}]\n");
  write("charts/dep/Chart.yaml", "name: dep\n");
  write("charts/dep/values.yaml", "image: {registry: quay.io, repository: acme/app}\n");
  write("values.yaml", "db: {image: {repository: acme/two, tag: v2}}\nimage: {repository: acme/x, tag: v1}\n");
  EXPECT_THAT(found("values.yaml"), ElementsAre("quay.io/acme/two:v2 (charts/dep/values.yaml)"));
}

TEST_F(ValuesLayers, OfAFleetBundleAreItsCustomizations) {
  write("fleet.yaml",
        "helm:\n  values:\n    image: {repository: acme/app, tag: v1}\ntargetCustomizations:\n- name: a\n"
        "- helm: {values: {image: {repository: acme/two}}}\n- helm: {values: {image: {tag: v2}}}\n");
  EXPECT_THAT(found("fleet.yaml"), ElementsAre("acme/two:v1 (targetCustomizations[1])"));
}

TEST_F(ValuesLayers, KeepAPinFromTheFileUnlessTheDigestIsThatOfBoth) {
  const std::string text = "image: {repository: nginx, tag: '1.25'}\n";
  const auto path = write("values.yaml", text);
  const auto layer = write("values-prod.yaml", "image: {repository: m.example/nginx}\n");
  add(path, text);
  const auto unknown = run();
  EXPECT_EQ(unknown.status, run_status::good) << "the registry has no such image: nobody may use it";
  EXPECT_THAT(unknown.writes, IsEmpty());
  digests.fails("m.example/nginx:1.25", {error_code::unavailable, "no such host", std::nullopt});
  add(path, text);
  const auto unreachable = run();
  EXPECT_EQ(unreachable.status, run_status::good) << "it may be an example";
  EXPECT_THAT(unreachable.writes, IsEmpty());
  EXPECT_THAT(unreachable.messages, HasSubstr("m.example/nginx:1.25\": no such host; write the whole image there"));
  digests.holds("m.example/nginx:1.25", digest_of_digit('b'));
  add(path, text);
  const auto left = run();
  EXPECT_THAT(left.writes, IsEmpty());
  EXPECT_THAT(left.messages,
              AllOf(HasSubstr(layer + " changes it to \"m.example/nginx:1.25\", which has another digest; write the "
                                      "whole image there: repository, tag"),
                    HasSubstr("1 left as it is")));
  digests.holds("m.example/nginx:1.25", digest_of_digit('a'));
  add(path, text);
  EXPECT_EQ(run().writes.size(), 1U);
}

// The lock has both, unless nobody has the other; the digest of one tag is never locked for another.
TEST_F(ValuesLayers, AreLockedAsImagesOfTheirOwn) {
  const auto locked = [&](const std::string& base, const std::string& layer) {
    const auto path = write("values.yaml", base);
    write("values-prod.yaml", layer);
    add(path, base);
    lock_run_options of;
    of.path = "images.lock";
    lock_run r(of, inputs, places);
    const auto done = testing::shown(r.finish(digests.answers(r.wanted())));
    inputs.clear();
    EXPECT_EQ(done.status, run_status::good) << done.errors;
    std::vector<std::string> out;
    const auto lock = done.writes.empty() ? files::read_lock("") : files::read_lock(done.writes[0].text);
    if (lock)
      for (const auto& [name, image] : lock->images.images()) out.push_back(name + " " + image.digest.to_string());
    return out;
  };
  const std::string nginx = "docker.io/library/nginx:1.25 " + a;
  const std::string text = "image: {repository: nginx, tag: '1.25'}\n";
  const std::string mirror = "image: {repository: m.example/nginx}\n";
  EXPECT_THAT(locked(text, mirror), ElementsAre(nginx));
  digests.fails("m.example/nginx:1.25", {error_code::unavailable, "no such host", std::nullopt});
  EXPECT_THAT(locked(text, mirror), ElementsAre(nginx));
  digests.holds("m.example/nginx:1.25", digest_of_digit('b'));
  EXPECT_THAT(locked(text, mirror), ElementsAre(nginx, "m.example/nginx:1.25 " + b));
  const std::string pinned = "image: {repository: nginx, tag: '1.25', digest: '" + a + "'}\n";
  digests.holds("docker.io/library/nginx:1.26", digest_of_digit('b'));
  EXPECT_THAT(locked(pinned, "image: {tag: '1.26'}\n"), ElementsAre(nginx));
}

}  // namespace
}  // namespace pinhook::pipeline
