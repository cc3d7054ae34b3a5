// Helm values inside of objects, pinned, and rendered by what reads them: those of a Flux HelmRelease by Helm, those of
// a kustomization's helmCharts by kustomize. The objects are the same but for the digests. No cluster is needed.
#include "e2e/file_tools.hpp"

#include <pinhook/yaml/source.hpp>

#include <fstream>
#include <functional>
#include <iterator>

namespace pinhook::e2e {
namespace {

// "REG" is the registry.
const std::string values =
    "web: {image: REG/acme/web, tag: v1}\n"
    "side:\n  image: {name: REG/acme/side, tag: v2}\n"
    "engine:\n  image: {repo: REG/acme/engine, version: v3}\n"
    "search: {image: REG/acme/search, imageTag: v4}\n"
    "init: {initImage: REG/acme/init, initImageTag: v5}\n"
    "job:\n  image: {registry: REG, repository: acme/job, tag: v6}\n"
    "whole: {image: 'REG/acme/whole:v7'}\n"
    "list: {images: ['REG/acme/list:v8']}\n";

const std::string chart_template =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
    "    - {name: web, image: \"{{ .Values.web.image }}:{{ .Values.web.tag }}\"}\n"
    "    - {name: side, image: \"{{ .Values.side.image.name }}:{{ .Values.side.image.tag }}\"}\n"
    "    - {name: engine, image: \"{{ .Values.engine.image.repo }}:{{ .Values.engine.image.version }}\"}\n"
    "    - {name: search, image: \"{{ .Values.search.image }}:{{ .Values.search.imageTag }}\"}\n"
    "    - {name: init, image: \"{{ .Values.init.initImage }}:{{ .Values.init.initImageTag }}\"}\n"
    "    - {name: job, image: \"{{ .Values.job.image.registry }}/{{ .Values.job.image.repository }}:{{ "
    ".Values.job.image.tag }}\"}\n"
    "    - {name: whole, image: \"{{ .Values.whole.image }}\"}\n"
    "    - {name: list, image: \"{{ first .Values.list.images }}\"}\n";

const std::vector<std::string> images{"acme/web:v1",  "acme/side:v2", "acme/engine:v3", "acme/search:v4",
                                      "acme/init:v5", "acme/job:v6",  "acme/whole:v7",  "acme/list:v8"};

std::string replaced(std::string text, std::string_view part, std::string_view by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size()))
    text.replace(at, part.size(), by);
  return text;
}

// Each line deeper.
std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    out.append(by).append(text.substr(at, end - at));
    at = end;
  }
  return out;
}

class ValuesInObjects : public FileTools {
 protected:
  void SetUp() override {
    for (const char* name : {"helm", "kustomize"})
      if (!std::filesystem::exists(programs_folder() / name))
        GTEST_SKIP() << "there is no " << name << ": tests/e2e/tools builds it where there is Go";
    std::filesystem::create_directories(folder_.path() / "charts/a/templates");
    folder_.write("charts/a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\n");
    folder_.write("charts/a/values.yaml", "{}\n");  // kustomize refuses an empty one
    folder_.write("charts/a/templates/pod.yaml", chart_template);
  }

  std::string own_values() const { return replaced(values, "REG", registry_.host()); }
  std::string file(std::string_view name) const { return (folder_.path() / name).string(); }

  std::string read(std::string_view name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // Without digests it is what it was; and each image has its own.
  void expect_pinned(const std::string& before, std::string after) const {
    for (const auto& image : images) {
      EXPECT_EQ(count(before, tagged(image)), 1U) << image << before;
      for (const std::string& form : {tagged(image) + "@" + digest(image), pinned(image)})
        after = replaced(after, form, tagged(image));
    }
    EXPECT_EQ(after, before);
  }

  // Pins the file, and takes the pins back.
  void expect_pins(std::string_view name, const std::function<command_result()>& render) const {
    const std::string text = read(name);
    const auto before = render();
    ASSERT_EQ(before.exit_code, 0) << before;
    const auto done = run({testing::program_path(), "pin", "-i", file(name)});
    ASSERT_EQ(done.exit_code, 0) << done;
    EXPECT_EQ(count(read(name), "sha256:"), images.size()) << read(name);
    const auto after = render();
    ASSERT_EQ(after.exit_code, 0) << after;
    EXPECT_EQ(count(after.output, "sha256:"), images.size()) << after.output;
    expect_pinned(before.output, after.output);
    EXPECT_EQ(run({testing::program_path(), "unpin", "-i", file(name)}).exit_code, 0);
    EXPECT_EQ(read(name), text);
  }

  command_result helm_with(std::string_view name, std::string_view place) {
    const std::string text = read(name);
    const auto from = yaml::read_source(text);
    if (!from) return {};
    const auto& doc = from->documents[0];
    const auto node = doc.resolve(doc.at_pointer(doc.root, place));
    // Text is YAML; other values are written as JSON, which is YAML, too.
    const bool is_text = doc.at(node).kind == yaml::source_kind::scalar;
    folder_.write("own.yaml", is_text ? std::string(doc.at(node).text) : yaml::to_json(doc, node).value_or(""));
    return run({(programs_folder() / "helm").string(), "template", "x", file("charts/a"), "-f", file("own.yaml")});
  }
};

TEST_F(ValuesInObjects, HelmRendersTheSameOfAHelmRelease) {
  folder_.write("release.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n" +
                    indented(own_values(), "    "));
  expect_pins("release.yaml", [&] { return helm_with("release.yaml", "/spec/values"); });
}

TEST_F(ValuesInObjects, HelmRendersTheSameOfTextInAnApplication) {
  const std::string head =
      "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    helm:\n"
      "      values: ";
  const std::string quoted = replaced(own_values(), "\n", "\\n");
  const std::string json = yaml::to_json(yaml::read_source(own_values())->documents[0], 0).value();
  for (const std::string& text : {head + "|\n" + indented(own_values(), "        "), head + '"' + quoted + "\"\n",
                                  head + '"' + replaced(json, "\"", "\\\"") + "\"\n", head + '\'' + json + "'\n",
                                  head + ">-\n        " + replaced(json, ",\"", ",\n        \"") + "\n"}) {
    SCOPED_TRACE(text);
    folder_.write("app.yaml", text);
    expect_pins("app.yaml", [&] { return helm_with("app.yaml", "/spec/source/helm/values"); });
  }
}

TEST_F(ValuesInObjects, KustomizeBuildsTheSameOfItsCharts) {
  folder_.write("kustomization.yaml",
                "helmGlobals: {chartHome: charts}\nhelmCharts:\n  - name: a\n    releaseName: x\n    valuesInline:\n" +
                    indented(own_values(), "      "));
  expect_pins("kustomization.yaml", [&] {
    return run({(programs_folder() / "kustomize").string(), "build", "--enable-helm", "--helm-command",
                (programs_folder() / "helm").string(), folder_.path().string()});
  });
}

}  // namespace
}  // namespace pinhook::e2e
