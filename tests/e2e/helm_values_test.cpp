// Values of charts, pinned, and rendered by Helm: charts in the shapes of public ones, rendered before
// and after `pinhook pin -i values.yaml`. The objects are the same but for the digests of the images that were rendered
// before, or the file is left as it was and the reason is printed. No cluster is needed.
#include "e2e/file_tools.hpp"

#include <pinhook/files/helm_scalar.hpp>

#include <fstream>
#include <map>
#include <sstream>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;

// "REG" is replaced by the registry.
struct chart_case {
  std::string name;
  std::string values;
  std::map<std::string, std::string> templates;
  /// Rendered before, by tag, and pinned afterwards: "acme/api:v1".
  std::vector<std::string> pinned{};
  /// The digest replaces the tag.
  bool loses_tag = false;
  /// On standard error; empty: neither a warning nor a refusal.
  std::string message{};
  /// The chart's values.schema.json; empty: none.
  std::string schema{};
  /// The rendered text changes in more than the images, or an operator reads the parts of an image.
  bool changes_more = false;
};

const std::string deployment =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - name: web\n";
const std::string map_of_labels = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n";
const std::string plain_values = "image:\n  repository: REG/acme/api\n  tag: v1.4.1\n";
const std::string plain_image =
    deployment +
    "          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default "
    ".Chart.AppVersion }}\"\n          imagePullPolicy: {{ .Values.image.pullPolicy | default \"IfNotPresent\" }}\n";

const std::vector<chart_case>& cases() {
  static const std::vector<chart_case> all{
      {"the chart of helm create",
       plain_values,
       {{"deployment.yaml", plain_image},
        {"_helpers.tpl",
         "{{- define \"a.labels\" -}}\napp.kubernetes.io/version: {{ .Chart.AppVersion | quote }}\n{{- end }}\n"},
        {"map.yaml", map_of_labels + "    {{- include \"a.labels\" . | nindent 4 }}\n"},
        {"NOTES.txt", "{{ .Values.image.tag }} is here\n"}},
       {"acme/api:v1.4.1"}},
      {"Bitnami: a helper, a digest key",
       "global: {imageRegistry: \"\", imagePullSecrets: []}\nimage:\n  registry: REG\n  repository: acme/redis\n  tag: "
       "7.2.4-r9\n"
       "  digest: \"\"\n  pullSecrets: []\n",
       {{"_helpers.tpl",
         "{{- define \"c.image\" -}}\n{{- $registry := default .imageRoot.registry ((.global).imageRegistry) -}}\n"
         "{{- $separator := \":\" -}}\n{{- $termination := .imageRoot.tag | toString -}}\n{{- if .imageRoot.digest }}\n"
         "{{- $separator = \"@\" -}}\n{{- $termination = .imageRoot.digest | toString -}}\n{{- end -}}\n"
         "{{- printf \"%s/%s%s%s\" $registry .imageRoot.repository $separator $termination -}}\n{{- end -}}\n"
         "{{- define \"redis.image\" -}}\n{{ include \"c.image\" (dict \"imageRoot\" .Values.image \"global\" "
         ".Values.global) }}\n{{- end -}}\n"},
        {"set.yaml", deployment + "          image: {{ template \"redis.image\" . }}\n"}},
       {"acme/redis:7.2.4-r9"},
       true},
      {"a monitoring stack: sha beside the tag, the tag as a version",
       "p:\n  image:\n    registry: REG\n    repository: acme/metrics\n    tag: v3.1.0\n    sha: \"\"\n",
       {{"p.yaml",
         "apiVersion: monitoring.example.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec:\n"
         "  {{- $registry := .Values.p.image.registry }}\n  {{- if and .Values.p.image.tag .Values.p.image.sha }}\n"
         "  image: \"{{ $registry }}/{{ .Values.p.image.repository }}:{{ .Values.p.image.tag }}@sha256:{{ "
         ".Values.p.image.sha }}\"\n"
         "  {{- else }}\n  image: \"{{ $registry }}/{{ .Values.p.image.repository }}:{{ .Values.p.image.tag }}\"\n  "
         "{{- end }}\n"
         "  version: {{ .Values.p.image.tag }}\n"}},
       {"acme/metrics:v3.1.0"}},
      {"the same without sha",
       "p:\n  image:\n    registry: REG\n    repository: acme/metrics\n    tag: v3.1.0\n",
       {{"p.yaml",
         "apiVersion: monitoring.example.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec:\n"
         "  image: \"{{ .Values.p.image.registry }}/{{ .Values.p.image.repository }}:{{ .Values.p.image.tag }}\"\n"
         "  version: {{ .Values.p.image.tag }}\n"}},
       {},
       false,
       "templates/p.yaml:6 writes it as version"},
      {"a label",
       plain_values,
       {{"deployment.yaml", plain_image},
        {"map.yaml",
         map_of_labels +
             "    app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}\n"}},
       {},
       false,
       "templates/map.yaml:6 writes it as app.kubernetes.io/version"},
      {"a label by a helper that the image uses, too",
       plain_values,
       {{"_helpers.tpl",
         "{{- define \"a.tag\" -}}\n{{- .Values.image.tag | default .Chart.AppVersion -}}\n{{- end -}}\n"
         "{{- define \"a.labels\" -}}\napp: a\nversion: {{ include \"a.tag\" . | quote }}\n{{- end -}}\n"},
        {"deployment.yaml", deployment + "          image: {{ .Values.image.repository }}:{{ include \"a.tag\" . }}\n"},
        {"map.yaml", map_of_labels + "    {{- include \"a.labels\" . | nindent 4 }}\n"}},
       {},
       false,
       "templates/_helpers.tpl:6 writes it as version"},
      {"semverCompare",
       plain_values,
       {{"deployment.yaml", plain_image},
        {"map.yaml", "{{- if semverCompare \">=1.4.0\" (trimPrefix \"v\" .Values.image.tag) }}\n" + map_of_labels +
                         "    new: \"yes\"\n{{- end }}\n"}},
       {},
       false,
       "templates/map.yaml:1 looks at it with semverCompare"},
      {"a comparison with latest",
       plain_values,
       {{"deployment.yaml",
         plain_image +
             "          {{- if eq .Values.image.tag \"latest\" }}\n          tty: true\n          {{- end }}\n"}},
       {},
       false,
       "templates/deployment.yaml:11 looks at it with eq"},
      {"with, variables and range",
       "image: {repository: REG/acme/api, tag: v1}\nsidecars:\n- {name: a, image: {repository: REG/acme/proxy, tag: "
       "v2}}\n",
       {{"deployment.yaml", deployment +
                                "          {{- with .Values.image }}\n          image: {{ printf \"%s:%s\" .repository "
                                ".tag | quote }}\n          {{- end }}\n"
                                "        {{- range $one := .Values.sidecars }}\n        - name: {{ $one.name }}\n      "
                                "    {{- $image := $one.image }}\n"
                                "          image: {{ $image.repository }}:{{ $image.tag }}\n        {{- end }}\n"}},
       {"acme/api:v1", "acme/proxy:v2"}},
      {"arguments and variables that are images",
       plain_values,
       {{"deployment.yaml",
         plain_image +
             "          args:\n            - --worker-image={{ .Values.image.repository }}:{{ .Values.image.tag }}\n"
             "          env:\n            - name: WORKER\n              value: \"{{ .Values.image.repository }}:{{ "
             ".Values.image.tag }}\"\n"}},
       {"acme/api:v1.4.1"}},
      {"a mesh: hub, tag and name apart",
       "global:\n  hub: REG/acme\n  tag: 1.20.0\n  proxy:\n    image: meshproxy\n",
       {{"map.yaml",
         "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  image: \"{{ .Values.global.hub }}/{{ "
         ".Values.global.proxy.image }}:{{ "
         ".Values.global.tag }}\"\n"}},
       {},
       false,
       "global.hub"},
      {"a registry for all",
       "global: {imageRegistry: REG}\nimage: {registry: docker.io, repository: acme/api, tag: v1}\n",
       {{"deployment.yaml", deployment + "          image: {{ .Values.global.imageRegistry | default "
                                         ".Values.image.registry }}/{{ .Values.image.repository }}:{{ "
                                         ".Values.image.tag }}\n"}},
       {},
       false,
       "global.imageRegistry"},
      {"a registry for all where the image has none",
       "global: {imageRegistry: REG}\nimage: {registry: \"\", repository: acme/api, tag: v1}\n",
       {{"deployment.yaml", deployment + "          image: {{ .Values.global.imageRegistry | default "
                                         ".Values.image.registry }}/{{ .Values.image.repository }}:{{ "
                                         ".Values.image.tag }}\n"}},
       {"acme/api:v1"}},
      {"a number",
       "image: {repository: REG/acme/api, tag: 1.10}\n",
       {{"deployment.yaml", plain_image}},
       {},
       false,
       "quote it: tag: \"1.10\""},
      {"a whole number",
       "image: {repository: REG/acme/api, tag: 16}\n",
       {{"deployment.yaml", plain_image}},
       {"acme/api:16"}},
      {"image and imageTag",
       "search: {image: REG/acme/search, imageTag: \"8.5.1\"}\n",
       {{"deployment.yaml",
         deployment + "          image: \"{{ .Values.search.image }}:{{ .Values.search.imageTag }}\"\n"}},
       {"acme/search:8.5.1"}},
      {"image and tag",
       "web: {image: REG/acme/web, tag: v1}\n",
       {{"deployment.yaml", deployment + "          image: \"{{ .Values.web.image }}:{{ .Values.web.tag }}\"\n"}},
       {"acme/web:v1"}},
      {"name and tag",
       "image: {name: REG/acme/web, tag: v1}\n",
       {{"deployment.yaml", deployment + "          image: \"{{ .Values.image.name }}:{{ .Values.image.tag }}\"\n"}},
       {"acme/web:v1"}},
      {"repo and version",
       "image: {repo: REG/acme/web, version: v1}\n",
       {{"deployment.yaml",
         deployment + "          image: \"{{ .Values.image.repo }}:{{ .Values.image.version }}\"\n"}},
       {"acme/web:v1"}},
      {"repository, name and tag",
       "image: {repository: REG/acme, name: web, tag: v1}\n",
       {{"deployment.yaml", deployment +
                                "          image: \"{{ .Values.image.repository }}/{{ .Values.image.name }}:{{ "
                                ".Values.image.tag }}\"\n"}},
       {},
       false,
       "the chart may put image.name before or after it"},
      {"a schema that a digest breaks",
       plain_values,
       {{"deployment.yaml", plain_image}},
       {},
       false,
       "image.tag, and values.schema.json allows only",
       R"({"properties": {"image": {"properties": {"tag": {"type": "string", "pattern": "^v[0-9.]+$"}}}}})"},
      {"a schema with the length of a label",
       plain_values,
       {{"deployment.yaml", plain_image}},
       {},
       false,
       "values.schema.json allows 63 characters there",
       R"({"properties": {"image": {"properties": {"tag": {"type": "string", "maxLength": 63}}}}})"},
      {"a schema that knows digests",
       plain_values,
       {{"deployment.yaml", plain_image}},
       {"acme/api:v1.4.1"},
       false,
       "",
       R"({"properties": {"image": {"properties": {"tag": {"pattern": "^v[0-9.]+(@sha256:[a-f0-9]{64})?$"}}}}})"},
      {"an image that is cut",
       "app:\n  image: REG/acme/api:v1.4.1\n",
       {{"deployment.yaml",
         deployment + "          image: {{ regexFind \"^[^/]+/[^:]+\" .Values.app.image }}:v9\n          env:\n"
                      "            {{- $parts := splitList \":\" .Values.app.image }}\n"
                      "            - {name: VERSION, value: \"{{ last $parts }}\"}\n"}},
       {},
       false,
       "templates/deployment.yaml:11 looks at it with splitList"},
      {"an annotation",
       plain_values,
       {{"deployment.yaml", plain_image},
        {"map.yaml",
         "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    image: \"{{ "
         ".Values.image.repository "
         "}}:{{ .Values.image.tag }}\"\n"}},
       {"acme/api:v1.4.1"},
       false,
       "which may be more than the image's tag: templates/map.yaml:6 writes it as image",
       {},
       true},
      {"a checksum",
       plain_values,
       {{"deployment.yaml", plain_image},
        {"map.yaml", map_of_labels + "    sum: {{ .Values.image.tag | sha256sum | trunc 8 | quote }}\n"}},
       {"acme/api:v1.4.1"},
       false,
       "which may be more than the image's tag: templates/map.yaml:6 writes its sha256sum",
       {},
       true},
      {"a whole mapping in a custom resource",
       plain_values,
       {{"c.yaml",
         "apiVersion: example.com/v1\nkind: C\nmetadata: {name: c}\nspec:\n  image:\n    {{- toYaml .Values.image | "
         "nindent 4 }}\n"}},
       {"acme/api:v1.4.1"},
       false,
       "which may be more than the image's tag: templates/c.yaml:6",
       {},
       true},
  };
  return all;
}

class HelmValues : public FileTools {
 protected:
  std::string with_registry(std::string text) const {
    for (auto at = text.find("REG"); at != std::string::npos; at = text.find("REG", at))
      text.replace(at, 3, registry_.host());
    return text;
  }

  // The chart's folder.
  std::string made(const chart_case& one) const {
    const auto folder = folder_.path() / "chart";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "templates");
    const auto write = [](const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; };
    write(folder / "Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\nappVersion: \"9.9.9\"\n");
    write(folder / "values.yaml", with_registry(one.values));
    if (!one.schema.empty()) write(folder / "values.schema.json", one.schema);
    for (const auto& [name, text] : one.templates) write(folder / "templates" / name, text);
    return folder.string();
  }

  static std::string read(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }

  // Each image with its digest behind its tag, or in its place.
  std::string with_digests(std::string text, const chart_case& one) const {
    for (const auto& image : one.pinned) {
      const std::string before = tagged(image);
      const std::string after = one.loses_tag ? pinned(image) : before + "@" + digest(image);
      for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + after.size()))
        text.replace(at, before.size(), after);
    }
    return text;
  }

  void expect_same_but_images(const std::string& helm) const {
    const auto program = programs_folder() / helm;
    if (!std::filesystem::exists(program))
      GTEST_SKIP() << "there is no " << helm << ": tests/e2e/tools builds it where there is Go";
    for (const chart_case& one : cases()) {
      SCOPED_TRACE(one.name);
      const auto folder = made(one);
      const std::vector<std::string> render{program.string(), "template", "x", folder};
      const auto before = run(render);
      ASSERT_EQ(before.exit_code, 0) << before;
      const auto done = run({testing::program_path(), "pin", "-i", folder + "/values.yaml"});
      EXPECT_EQ(done.exit_code, 0) << done;
      const auto after = run(render);
      ASSERT_EQ(after.exit_code, 0) << after;
      if (!one.changes_more) {
        for (const auto& image : one.pinned) EXPECT_THAT(before.output, HasSubstr(tagged(image)));
        EXPECT_EQ(after.output, with_digests(before.output, one));
      }
      EXPECT_EQ(count(after.output, "sha256:") == 0, one.pinned.empty()) << after.output;
      const std::string values = read(std::filesystem::path(folder) / "values.yaml");
      EXPECT_EQ(values == with_registry(one.values), one.pinned.empty()) << values;
      EXPECT_THAT(done.errors, HasSubstr(one.message));
      EXPECT_EQ(done.errors.contains("values.yaml:"), !one.message.empty()) << done.errors;
      const auto back = run({testing::program_path(), "unpin", "-i", folder + "/values.yaml"});
      EXPECT_EQ(back.exit_code, 0) << back;
      EXPECT_EQ(read(std::filesystem::path(folder) / "values.yaml"), with_registry(one.values));
    }
  }

  // The rendering of each plain scalar, alone and with `default`.
  void expect_scalars(const std::string& helm) const {
    const auto program = programs_folder() / helm;
    if (!std::filesystem::exists(program))
      GTEST_SKIP() << "there is no " << helm << ": tests/e2e/tools builds it where there is Go";
    const std::vector<std::string> scalars{"1.10",
                                           "1.25",
                                           "1.0",
                                           "1.",
                                           "7",
                                           "16",
                                           "0",
                                           "0.0",
                                           "-0",
                                           "-1",
                                           "+1",
                                           "20240101",
                                           "999999",
                                           "1000000",
                                           "1e3",
                                           "1E3",
                                           "12e45",
                                           "12e4567",
                                           "0x10",
                                           "010",
                                           "08",
                                           "0o7",
                                           "0b11",
                                           "1_000",
                                           "1_0.5",
                                           "_1",
                                           ".5",
                                           ".5e3",
                                           "5e-5",
                                           "0.0001",
                                           "0.00001",
                                           "true",
                                           "True",
                                           "false",
                                           "yes",
                                           "y",
                                           "n",
                                           "on",
                                           "off",
                                           "null",
                                           "~",
                                           "18446744073709551615",
                                           "99999999999999999999",
                                           "2024-01-01",
                                           "1.2.3",
                                           "v1",
                                           "1e",
                                           "1:30",
                                           "3.140",
                                           "100.0",
                                           "0x",
                                           "0b2",
                                           "00",
                                           "1__0",
                                           "1e400",
                                           "-.5"};
    chart_case one{.name = "scalars", .values = {}, .templates = {}, .pinned = {}};
    std::string text;
    std::string expected;
    for (std::size_t i = 0; i < scalars.size(); ++i) {
      const auto seen = files::read_by_helm(scalars[i]);
      one.values += fmt::format("k{}: {}\n", i, scalars[i]);
      text += fmt::format("k{0}: '{{{{ .Values.k{0} }}}}|{{{{ .Values.k{0} | default \"none\" }}}}'\n", i);
      expected += fmt::format("k{}: '{}|{}'\n", i, seen.text, seen.is_empty ? "none" : seen.text);
    }
    one.templates.emplace("a.yaml", text);
    const auto folder = made(one);
    const auto rendered = run({program.string(), "template", "x", folder});
    ASSERT_EQ(rendered.exit_code, 0) << rendered;
    EXPECT_EQ(rendered.output, "---\n# Source: a/templates/a.yaml\n" + expected);
    const auto by_file = run({program.string(), "template", "x", folder, "-f", folder + "/values.yaml"});
    EXPECT_EQ(by_file.output, rendered.output);
  }
};

TEST_F(HelmValues, Helm3RendersTheSameButImages) { expect_same_but_images("helm"); }
TEST_F(HelmValues, Helm4RendersTheSameButImages) { expect_same_but_images("helm4"); }
TEST_F(HelmValues, Helm3ReadsScalarsSo) { expect_scalars("helm"); }
TEST_F(HelmValues, Helm4ReadsScalarsSo) { expect_scalars("helm4"); }

}  // namespace
}  // namespace pinhook::e2e
