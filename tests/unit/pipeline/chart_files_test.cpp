#include <pinhook/pipeline/chart_files.hpp>

#include "support/certificates.hpp"

#include <pinhook/pipeline/inputs.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pinhook::pipeline {
namespace {

using ::testing::HasSubstr;

class ChartFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  // The problem, else the doubt, of the only image of a file.
  std::string note_on(const std::string& path) const {
    const auto inputs = read_inputs({path}, {});
    if (!inputs || inputs->size() != 1 || !(*inputs)[0].content || (*inputs)[0].content->slots().size() != 1)
      return "not read";
    const auto& s = (*inputs)[0].content->slots()[0];
    return s.problem + s.doubt;
  }

  testing::temporary_directory folder_;
  const std::string values_ = "image: {repository: acme/api, tag: v1}\n";
  const std::string good_ = "image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n";
};

TEST_F(ChartFiles, AreReadBesideTheValues) {
  const auto path = write("values-prod.yaml", values_);
  EXPECT_THAT(note_on(path), HasSubstr("no templates beside this file"));
  write("Chart.yaml", "name: a\n");
  EXPECT_THAT(note_on(path), HasSubstr("no template here shows its use"));
  write("templates/sub/web.yaml", good_);
  EXPECT_EQ(note_on(path), "");
  EXPECT_EQ(note_on(write("ci/test-values.yaml", values_)), "");
  write("templates/NOTES.txt", "version: {{ .Values.image.tag }}\n");
  EXPECT_EQ(note_on(path), "");
  write("templates/map.yaml", "version: {{ .Values.image.tag }}\n");
  EXPECT_EQ(note_on(path), "its digest would be in image.tag, and templates/map.yaml:1 writes it as version");
  EXPECT_EQ(chart_files().chart_of("-"), nullptr);
  EXPECT_EQ(chart_files().chart_of((folder_.path() / "templates/map.yaml").string()), nullptr);
}

TEST_F(ChartFiles, OfDependenciesStandUnderTheirKeys) {
  write("Chart.yaml", "name: a\ndependencies:\n- {name: redis, alias: cache}\n- {name: gone}\n- {name: ../../x}\n");
  write("templates/web.yaml", "a: {{ include \"redis.tag\" . }}\n");
  write("charts/redis/Chart.yaml", "name: redis\n");
  write("charts/redis/templates/_h.tpl", "{{ define \"redis.tag\" }}{{ .Values.image.tag }}{{ end }}");
  write("charts/redis/templates/set.yaml", good_);
  write("charts/more/Chart.yaml", "name: more\n");
  write("charts/more/templates/a.yaml", "version: {{ .Values.image.tag }}\n" + good_);
  EXPECT_EQ(note_on(write("values.yaml", "cache: {image: {repository: acme/redis, tag: v1}}\n")), "");
  EXPECT_THAT(note_on(write("values.yaml", "redis: {image: {repository: acme/redis, tag: v1}}\n")),
              HasSubstr("no template here"));
  EXPECT_THAT(note_on(write("values.yaml", "gone: {image: {repository: acme/redis, tag: v1}}\n")),
              HasSubstr("no template here"));
  EXPECT_THAT(note_on(write("values.yaml", "more: {image: {repository: acme/redis, tag: v1}}\n")),
              HasSubstr("charts/more/templates/a.yaml:1 writes it as version"));
  // Helper templates of every dependency count.
  EXPECT_THAT(note_on(write("values.yaml", values_)), HasSubstr("templates/web.yaml:1 writes it as a"));
}

TEST_F(ChartFiles, HaveASchemaOfTheirValues) {
  write("Chart.yaml", "name: a\n");
  write("templates/web.yaml", good_);
  write("charts/sub/Chart.yaml", "name: sub\n");
  write("charts/sub/templates/web.yaml", good_);
  const std::string schema =
      R"({"properties": {"image": {"properties": {"tag": {"pattern": "^v[0-9]+$"}, "digest": {"maxLength": 9}}}}})";
  write("values.schema.json", schema);
  EXPECT_EQ(note_on(write("values.yaml", values_)),
            "its digest would be in image.tag, and values.schema.json allows only \"^v[0-9]+$\" there");
  EXPECT_EQ(note_on(write("values.yaml", "image: {repository: acme/api, tag: v1, digest: ''}\n")),
            "its digest would be in image.digest, and values.schema.json allows 9 characters there");
  EXPECT_EQ(note_on(write("values.yaml", "sub: {image: {repository: acme/api, tag: v1}}\n")), "");
  write("charts/sub/values.schema.json", schema);
  EXPECT_THAT(note_on(write("values.yaml", "sub: {image: {repository: acme/api, tag: v1}}\n")),
              HasSubstr("its digest would be in sub.image.tag, and values.schema.json"));
}

TEST_F(ChartFiles, ReportTemplatesThatSplitAWholeImage) {
  write("Chart.yaml", "name: a\n");
  write("templates/web.yaml", "image: {{ (split \":\" .Values.app.image)._0 }}:v2\n");
  const auto path = write("values.yaml", "app: {image: 'acme/api:v1'}\n");
  EXPECT_THAT(note_on(path), HasSubstr("templates/web.yaml:1 looks at it with split"));
  write("templates/web.yaml", "image: {{ regexReplaceAll \":.*\" .Values.app.image \":v2\" }}\n");
  EXPECT_THAT(note_on(path), HasSubstr("which may be more than an image: templates/web.yaml:1 writes it as image"));
}

TEST_F(ChartFiles, ReportThatNoTemplateReadsTheDigest) {
  write("Chart.yaml", "name: a\n");
  write("templates/web.yaml", good_);
  EXPECT_THAT(note_on(write("values.yaml", "image: {repository: acme/api, tag: v1, digest: ''}\n")),
              HasSubstr("no template here uses image.digest"));
  write("templates/web.yaml",
        "image: {{ .Values.image.repository }}:{{ .Values.image.tag }}@{{ .Values.image.digest }}\n");
  EXPECT_EQ(note_on(write("values.yaml", "image: {repository: acme/api, tag: v1, digest: ''}\n")), "");
}

TEST_F(ChartFiles, EndAtTheirLimits) {
  const auto path = write("values.yaml", values_);
  write("Chart.yaml", "name: a\n");
  write("templates/web.yaml", good_);
  write("templates/big.yaml", std::string(max_template_size, ' '));
  EXPECT_EQ(note_on(path), "");
  write("templates/big.yaml", std::string(max_template_size + 1, ' '));
  EXPECT_THAT(note_on(path), HasSubstr("too large to be read completely"));
  std::filesystem::remove(folder_.path() / "templates/big.yaml");
  for (std::size_t i = 1; i < max_chart_templates; ++i) write("templates/t" + std::to_string(i) + ".yaml", "");
  EXPECT_EQ(note_on(path), "");
  write("templates/t0.yaml", "");
  EXPECT_THAT(note_on(path), HasSubstr("too large to be read completely"));
}

TEST_F(ChartFiles, EndAtTheSizeOfAChart) {
  const auto path = write("values.yaml", values_);
  write("Chart.yaml", "name: a\n");
  write("templates/web.yaml", good_);
  for (std::size_t i = 0; i < max_chart_size / max_template_size; ++i)
    write("templates/a" + std::to_string(i) + ".yaml", std::string(max_template_size, ' '));
  EXPECT_THAT(note_on(path), HasSubstr("too large to be read completely"));
}

}  // namespace
}  // namespace pinhook::pipeline
