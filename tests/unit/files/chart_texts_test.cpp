#include <pinhook/files/chart_texts.hpp>

#include <pinhook/files/chart_reading.hpp>
#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using form = values_place::form;

chart_uses read(std::string_view text, std::string_view helpers = {}) {
  const std::vector<chart_template> all{{"a.yaml", std::string(text)}, {"_h.tpl", std::string(helpers)}};
  return read_templates(all);
}

std::string verdict(const chart_uses& uses, const values_place& value) {
  const use_verdict found = judge_texts(uses.texts, value);
  return !found.conflict.empty() ? "no: " + found.conflict : !found.doubt.empty() ? "?: " + found.doubt : "ok";
}

struct text_case {
  std::string_view text;
  std::string_view expected;
};

// R, T, D and G are replaced by actions that write repository, tag, digest and registry.
std::string filled(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const std::string_view key = c == 'R'   ? "repository"
                                 : c == 'T' ? "tag"
                                 : c == 'D' ? "digest"
                                 : c == 'G' ? "registry"
                                            : "";
    out += key.empty() ? std::string(1, c) : "{{ .Values.image." + std::string(key) + " }}";
  }
  return out;
}

TEST(ChartTexts, ATagHasNoTextBesideIt) {
  const text_case cases[] = {
      {"image: R:T\n", "ok"},
      {"image: \"R:T\" # or R:T-alpine\n", "no: a.yaml:1 writes \"-alpine\" after it"},
      {"image: 'G/R:T'\n", "ok"},
      {"- --x=R:T,y\n", "ok"},
      {"image: R:T@D\n", "ok"},
      {"image: {{ if .x }}G/{{ end }}R{{ if .y }}@D{{ else }}:T{{ end }}\n", "ok"},
      {"image: docker.io/R:T\n", "ok"},
      {"a: R\nb: T-x\n", "ok"},

      {"image: R:T-alpine\n", "no: a.yaml:1 writes \"-alpine\" after it"},
      {"\n- {image: \"R:T.1\"}\n", "no: a.yaml:2 writes \".1\" after it"},
      {"image: R:T-{{ .Values.arch }}\n", "no: a.yaml:1 writes \"-\" after it"},
      {"image: R:vT\n", "no: a.yaml:1 writes \"v\" before it"},
      {"image: R:{{ .Values.x }}-T\n", "no: a.yaml:1 writes \"-\" before it"},
      {"image: ghcr.io/R:T\n", "no: a.yaml:1 writes \"ghcr.io/\" before its name"},
      {"image: x-R:T\n", "no: a.yaml:1 writes \"x-\" before its name"},
      {"image: R/web:T\n", "no: a.yaml:1 writes \"/web\" after its name"},
      {"image: R-web:T\n", "no: a.yaml:1 writes \"-web\" after its name"},
      {"image: R-{{ .Values.x }}:T\n", "no: a.yaml:1 writes \"-\" after its name"},

      {"image: R:T{{ if .x }}-alpine{{ end }}\n", "?: a.yaml:1 writes \"-alpine\" after it"},
      {"image: {{ .Values.mirror }}/R:T\n", "?: a.yaml:1 writes \"a value\" before its name"},
      {"image: {{ .Values.global.mirror }}/R:T\n", "ok"},
  };
  for (const text_case& one : cases)
    EXPECT_EQ(verdict(read(filled(one.text)), {{"image"}, "repository", "tag", form::tag, "acme/web"}), one.expected)
        << one.text;
  EXPECT_EQ(verdict(read(filled("image: docker.io/R:T\n")), {{"image"}, "repository", "tag", form::tag, "web"}),
            "no: a.yaml:1 writes \"docker.io/\" before its name");
}

TEST(ChartTexts, ADigestIsWhereTheChartExpectsIt) {
  struct digest_case {
    std::string_view text;
    form takes;
    std::string_view expected;
  };
  const digest_case cases[] = {
      {"image: R:T@D\n", form::digest, "ok"},
      {"image: R@sha256:D\n", form::hex, "ok"},
      {"image: R:T{{ with .Values.image.digest }}@sha256:{{ . }}{{ end }}\n", form::hex, "ok"},
      {"image: R:T{{ with .Values.image.digest }}{{ \"@\" }}{{ . }}{{ end }}\n", form::digest, "ok"},
      {"image: R@sha256:D\n", form::digest, "no: a.yaml:1 writes \"sha256:\" before it"},
      {"image: R:T@D\n", form::hex, "no: a.yaml:1 writes \"@\" before it, without sha256:"},
      {"image: R:T{{ with .Values.image.digest }}{{ \"@sha256:\" }}{{ . }}{{ end }}\n", form::digest,
       "no: a.yaml:1 writes \"sha256:\" before it"},
  };
  for (const digest_case& one : cases)
    EXPECT_EQ(verdict(read(filled(one.text)), {{"image"}, "repository", "digest", one.takes, "acme/web"}), one.expected)
        << one.text;
}

TEST(ChartTexts, FunctionsWriteTextToo) {
  const std::string_view helpers =
      "{{- define \"image\" -}}\nquay.io/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n{{- end }}\n"
      "{{- define \"good\" -}}\n{{ .Values.image.repository }}:{{ .Values.image.tag }}\n{{- end }}\n";
  const std::string_view name_and_tag = " .Values.image.repository .Values.image.tag }}\n";
  const text_case cases[] = {
      {"image: {{ printf \"%s:%s\"", "ok"},
      {"image: {{ printf \"%s:%v\"", "ok"},
      {"image: {{ printf \"%s:%s-alpine\"", "no: a.yaml:1 writes \"-alpine\" after it"},
      {"image: {{ printf \"ghcr.io/%s:%s\"", "no: a.yaml:1 writes \"ghcr.io/\" before its name"},
      {"image: {{ printf \"%s:v%s\"", "no: a.yaml:1 writes \"v\" before it"},
      {"image: {{ printf \"%s:%.0f\"", "no: a.yaml:1 writes it as a number"},
      {"image: {{ printf \"%s:%d%%\"", "no: a.yaml:1 writes it as a number"},
      {"image: {{ printf \"%s:%s %s\"", "ok"},
      {"image: {{ printf \"%", "ok"},
      {"image: {{ print \"ghcr.io/\"", "no: a.yaml:1 writes \"ghcr.io/\" before its name"},
  };
  const values_place place{{"image"}, "repository", "tag", form::tag, "acme/web"};
  for (const text_case& one : cases) {
    std::string text = std::string(one.text) + std::string(name_and_tag);
    if (one.text.contains("print "))
      text = std::string(one.text) + " .Values.image.repository \":\" .Values.image.tag }}\n";
    EXPECT_EQ(verdict(read(text), place), one.expected) << text;
  }
  EXPECT_EQ(verdict(read("image: {{ include \"image\" . }}\n", helpers), place),
            "no: _h.tpl:2 writes \"quay.io/\" before its name");
  EXPECT_EQ(verdict(read("image: {{ include \"good\" . }}\n", helpers), place), "ok");
}

TEST(ChartTexts, AStringIsAllOfItsImage) {
  const text_case cases[] = {
      {"image: {{ .Values.web.image }}\n", "ok"},
      {"image: \"{{ .Values.web.image }}\"\n", "ok"},
      {"args: [\"--image={{ .Values.web.image }}\"]\n", "ok"},
      {"about: it runs {{ .Values.web.image }}.\n", "ok"},
      {"image: {{ .Values.web.image }}:{{ .Chart.AppVersion }}\n", "no: a.yaml:1 writes \":\" after it"},
      {"image: ghcr.io/{{ .Values.web.image }}\n", "no: a.yaml:1 writes \"ghcr.io/\" before it"},
      {"image: {{ .Values.hub }}/{{ .Values.web.image }}\n", "no: a.yaml:1 writes \"/\" before it"},
      {"image: {{ printf \"%s:%s\" .Values.web.image .Chart.AppVersion }}\n", "no: a.yaml:1 writes \":\" after it"},
  };
  for (const text_case& one : cases)
    EXPECT_EQ(verdict(read(one.text), {{"web"}, "image", "image"}), one.expected) << one.text;
}

// The conflict is the reason why the image is left.
TEST(ChartTexts, RefuseAnImageOfValues) {
  const auto problem = [](std::string_view text, std::string values) {
    const chart of{read(text), {}};
    const auto file = image_file::read(std::move(values), "values.yaml", {}, &of);
    return file && file->slots().size() == 1 ? file->slots()[0].problem : "no image";
  };
  EXPECT_EQ(problem(filled("image: ghcr.io/R:T\n"), "image: {repository: a/b, tag: v1}\n"),
            "its digest would be in image.tag, and a.yaml:1 writes \"ghcr.io/\" before its name");
  EXPECT_EQ(problem(filled("image: R:T@sha256:D\n"), "image: {repository: a/b, tag: v1, digest: ''}\n"),
            "its digest would be in image.digest, and a.yaml:1 writes \"sha256:\" before it");
  EXPECT_EQ(problem("image: {{ .Values.image }}:{{ .Chart.AppVersion }}\n", "image: a/b\n"),
            "its digest would be in image, and a.yaml:1 writes \":\" after it");
  EXPECT_EQ(problem("label: {{ .Values.image | replace \":\" \"-\" }}\n", "image: a/b:v1\n"),
            "its digest would be in image, and a.yaml:1 writes it as label");
  EXPECT_EQ(problem(filled("image: R:T\n"), "image: {repository: a/b, tag: v1}\n"), "");
  EXPECT_EQ(problem("image: {{ .Values.image }}\n", "image: a/b:v1\n"), "");
}

}  // namespace
}  // namespace pinhook::files
