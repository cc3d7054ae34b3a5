#include <pinhook/files/chart_reading.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

// The verdict for image.tag in one template and one file of helpers: "ok", "no: " and a use that a digest breaks, "?: "
// and a use that it may break, "unused".
std::string verdict_of(const chart_uses& uses, const values_place& value) {
  const use_verdict found = judge_use(uses, value);
  if (!found.conflict.empty()) return "no: " + found.conflict;
  if (!found.doubt.empty()) return "?: " + found.doubt;
  return found.is_used ? "ok" : "unused";
}

std::string verdict(std::string_view text, std::string_view helpers = {}, values_path mapping = {"image"}) {
  const std::vector<chart_template> all{{"a.yaml", std::string(text)}, {"_h.tpl", std::string(helpers)}};
  return verdict_of(read_templates(all), {std::move(mapping), "repository", "tag"});
}

struct use_case {
  std::string_view text;
  std::string_view expected;
};

TEST(ChartReading, KnowsTheImageFromOtherUses) {
  const use_case cases[] = {
      {"image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n", "ok"},
      {"- image: \"{{ .Values.image.tag | default .Chart.AppVersion | quote }}\"\n", "ok"},
      {"\"image\": \"x:{{ $.Values.image.tag }}\"\n", "ok"},
      {"initImage: x:{{ .Values.image.tag }}\n", "ok"},
      {"image: {{ if .Values.image.sha }}a{{ else }}x:{{ .Values.image.tag }}{{ end }}\n", "ok"},
      {"- {name: \"{{ .x }}\", image: \"x:{{ .Values.image.tag }}\"}\n", "ok"},
      {"labels: {image: a, version: {{ .Values.image.tag }}}\n", "no: a.yaml:1 writes it as version"},
      {"image: >-\n  x:{{ .Values.image.tag }}\n", "ok"},
      {"image:\n  {{- if .x }}\n  x:{{ .Values.image.tag }}\n  {{- end }}\n", "ok"},
      {"image: {{ printf \"%s:%s\" .Values.image.repository (.Values.image.tag | toString) }}\n", "ok"},
      {"image: x:{{ index .Values \"image\" \"tag\" }}\n", "ok"},
      {"image: x:{{ (.Values.image).tag }}\n", "ok"},
      {"{{ with .Values.image }}image: x:{{ .tag }}{{ end }}\n", "ok"},
      {"{{ with .Values.image.tag }}image: x:{{ . }}{{ end }}\n", "ok"},
      {"{{ $i := .Values.image }}image: x:{{ $i.tag }}\n", "ok"},
      {"{{ $v := .Values }}{{ range .x }}image: x:{{ $v.image.tag }}{{ end }}\n", "ok"},
      {"{{ if .Values.image.tag }}image: x:{{ .Values.image.tag }}{{ end }}\n", "ok"},
      {"{{ if ne .Values.image.tag nil }}image: x:{{ .Values.image.tag }}{{ end }}\n", "ok"},
      {"{{ if ne .Values.image.tag \"\" }}image: x:{{ .Values.image.tag }}{{ end }}\n", "ok"},
      {"a: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n", "ok"},
      {"- --x={{ .Values.image.repository }}:{{ .Values.image.tag }}\n", "ok"},
      {"image: {{ include \"lib.image\" (dict \"root\" .Values.image \"g\" .Values.global) }}\n", "ok"},
      {"image: x:{{ .Values.image.tag }}\nimagePullSecrets: {{ include \"lib.pullSecrets\" (list .Values.image) }}\n",
       "ok"},
      {"image: x:{{ .Values.image.tag }}\nx: {{ .Values.other.tag }}\n", "ok"},
      {"image: x:{{ .Values.image.tag }}\nx: {{ toYaml .Values | sha256sum }}\n", "ok"},
      {"image: x:{{ .Values.image.tag }}\n{{/* version: {{ .Values.image.tag }} */}}\n", "ok"},

      {"version: {{ .Values.image.tag }}\n", "no: a.yaml:1 writes it as version"},
      {"x: 1\napp.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}\n",
       "no: a.yaml:2 writes it as app.kubernetes.io/version"},
      {"chart: {{ .Chart.Name }}-{{ .Values.image.tag }}\n", "no: a.yaml:1 writes it as chart"},
      {"image: x\n{{- if .Values.x }}\nversion: {{ .Values.image.tag }}\n{{- end }}\n",
       "no: a.yaml:3 writes it as version"},
      {"version: {{ .Values.image.tag | trunc 63 }}\n", "no: a.yaml:1 writes it as version"},
      {"- --version={{ .Values.image.tag }}\n", "no: a.yaml:1 writes it into a list"},
      {"- {{ .Values.image.tag }}\n", "no: a.yaml:1 writes it into a list"},
      {"{{ if semverCompare \">=1\" .Values.image.tag }}x{{ end }}\n", "no: a.yaml:1 looks at it with semverCompare"},
      {"{{ if .Values.image.tag | semverCompare \">=1\" }}x{{ end }}\n", "no: a.yaml:1 looks at it with semverCompare"},
      {"{{ $v := semver .Values.image.tag }}{{ $v.Major }}\n", "no: a.yaml:1 looks at it with semver"},
      {"{{ if eq .Values.image.tag \"latest\" }}x{{ end }}\n", "no: a.yaml:1 looks at it with eq"},
      {"{{ if eq .Values.image.tag 7 }}x{{ end }}\n", "no: a.yaml:1 looks at it with eq"},
      {"{{ if eq .Values.image.tag true }}x{{ end }}\n", "no: a.yaml:1 looks at it with eq"},
      {"{{ if ne .Values.image.tag .Chart.AppVersion }}x{{ end }}\n", "no: a.yaml:1 looks at it with ne"},
      {"{{ if eq (now) .Values.image.tag }}x{{ end }}\n", "no: a.yaml:1 looks at it with eq"},
      {"{{ if and .x (hasPrefix \"v\" (toString .Values.image.tag)) }}x{{ end }}\n",
       "no: a.yaml:1 looks at it with hasPrefix"},
      {"{{ with .Values.image }}version: {{ .tag }}{{ end }}\n", "no: a.yaml:1 writes it as version"},
      {"{{ with .Values }}{{ with .image }}version: {{ .tag }}{{ end }}{{ end }}\n",
       "no: a.yaml:1 writes it as version"},
      {"{{ with .x }}a\n{{ else }}version: {{ .Values.image.tag }}{{ end }}\n", "no: a.yaml:2 writes it as version"},
      {"{{ $t := \"\" }}{{ if .x }}{{ $t = .Values.image.tag }}{{ end }}version: {{ $t }}\n",
       "no: a.yaml:1 writes it as version"},
      {"version:\n  {{ .Values.image.tag }}\n", "no: a.yaml:2 writes it as version"},
      {"version: {{ get .Values.image \"tag\" }}\n", "no: a.yaml:1 writes it as version"},
      {"version: {{ dig \"image\" \"tag\" \"x\" .Values }}\n", "no: a.yaml:1 writes it as version"},
      {"version: {{ coalesce .Values.global.tag .Values.image.tag }}\n", "no: a.yaml:1 writes it as version"},
      {"version: {{ ternary .Values.image.tag \"x\" true }}\n", "no: a.yaml:1 writes it as version"},
      {"version: {{ tpl .Values.image.tag $ }}\n", "no: a.yaml:1 writes it as version"},

      {"tag: {{ .Values.image.tag }}\n", "?: a.yaml:1 writes it as tag"},
      {"image: x:{{ .Values.image.tag | replace \"a\" \"b\" }}\n", "?: a.yaml:1 writes it as image"},
      {"image:\n  {{- toYaml .Values.image | nindent 2 }}\n", "?: a.yaml:2 writes it as image"},
      {"x: {{ toYaml .Values.image }}\n", "?: a.yaml:1 writes it as x"},
      {"x: {{ include \"lib.x\" .Values.image }}\n", "?: a.yaml:1 writes it as x"},
      {"{{ .Values.image.tag }}\n", "?: a.yaml:1 writes it"},
      {"version: {{ $unknown.tag }}\nimage: x:{{ .Values.image.tag }}\n", "?: a.yaml:1 writes it as .tag"},

      // Pieces, and results of functions.
      {"{{ $p := split \".\" .Values.image.tag }}minor: {{ $p._1 }}\n", "no: a.yaml:1 looks at it with split"},
      {"image: x:{{ index (splitList \"-\" .Values.image.tag) 0 }}\n", "no: a.yaml:1 looks at it with splitList"},
      {"image: x:{{ regexSplit \"-\" .Values.image.tag -1 | first }}\n", "no: a.yaml:1 looks at it with regexSplit"},
      {"image: x:{{ regexReplaceAll \"^v\" .Values.image.tag \"\" }}\n", "?: a.yaml:1 writes it as image"},
      {"version: {{ regexReplaceAll \"^v\" .Values.image.tag \"\" }}\n", "no: a.yaml:1 writes it as version"},
      {"image: x:{{ .Values.image.tag }}\nchecksum: {{ .Values.image.tag | sha256sum }}\n",
       "?: a.yaml:2 writes its sha256sum"},
      {"image: x:{{ .Values.image.tag }}\nchecksum: {{ printf \"%s\" .Values.image.tag | md5sum | trunc 8 }}\n",
       "?: a.yaml:2 writes its md5sum"},
      {"image: x:{{ .Values.image.tag }}\nchecksum: {{ toYaml .Values.image | sha256sum }}\n", "ok"},
      // A whole image beside the pod's: the API server accepts it, yet the object is another one.
      {"annotations:\n  image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n",
       "?: a.yaml:2 writes it as image"},
      {"metadata:\n  annotations:\n    a: b\n    is: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n",
       "?: a.yaml:4 writes it as is"},
      {"example.com/runs: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n",
       "?: a.yaml:1 writes it as example.com/runs"},
      {"annotations:\n  a: b\nspec:\n  image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n", "ok"},
      {"labels:\n  image: {{ .Values.image.tag }}\n", "no: a.yaml:2 writes it as image"},

      {"image: {{ .Values.image.repository }}\n", "unused"},
      {"image: {{ .Values.other.image.tag }}\n", "unused"},
      {"", "unused"},
      {"{{", "unused"},
      {"{{ end }}{{ else }}{{ if }}{{ range }}{{ with }}{{ | }}{{ ( }}{{ ) }}{{ $ := }}{{ include }}{{ define }}",
       "unused"},
  };
  for (const use_case& one : cases) EXPECT_EQ(verdict(one.text), one.expected) << one.text;
}

TEST(ChartReading, FollowsHelpers) {
  const std::string_view helpers =
      "{{- define \"tag\" -}}\n{{ .Values.image.tag | default .Chart.AppVersion }}\n{{- end }}\n"
      "{{- define \"image\" -}}\n{{- $r := .root.repository -}}\n{{ printf \"%s:%s\" $r .root.tag }}\n{{- end }}\n"
      "{{- define \"labels\" -}}\napp: x\nversion: {{ include \"tag\" . }}\n{{- end }}\n"
      "{{- define \"both\" -}}\n{{ .Values.image.repository }}:{{ template \"tag\" . }}\n{{- end }}\n"
      "{{- define \"ctx\" -}}\nversion: {{ .context.Values.image.tag }}\n{{- end }}\n"
      "{{- define \"loop\" -}}\n{{ include \"loop\" . }}{{ .Values.image.tag }}\n{{- end }}\n";
  const use_case cases[] = {
      {"image: x:{{ include \"tag\" . }}\n", "ok"},
      {"image: {{ include \"image\" (dict \"root\" .Values.image) }}\n", "ok"},
      {"x: {{ include \"image\" (dict \"root\" .Values.image) }}\n", "ok"},
      {"image: {{ include \"both\" $ }}\n", "ok"},
      {"{{ $i := include \"both\" . }}image: {{ $i }}\n", "ok"},
      {"image: x:{{ include \"tag\" . }}\nlabels:\n  {{- include \"labels\" . | nindent 2 }}\n",
       "no: _h.tpl:10 writes it as version"},
      {"version: {{ include \"tag\" . | quote }}\n", "no: a.yaml:1 writes it as version"},
      {"{{ include \"ctx\" (dict \"context\" $) }}\n", "no: _h.tpl:16 writes it as version"},
      {"{{ range .x }}version: {{ include \"tag\" $ }}{{ end }}\n", "no: a.yaml:1 writes it as version"},
  };
  for (const use_case& one : cases) EXPECT_EQ(verdict(one.text, helpers), one.expected) << one.text;
  // A helper that includes itself ends at a limit, and the reading ends with a doubt.
  EXPECT_EQ(verdict("image: {{ include \"loop\" . }}\n", helpers),
            "?: its templates are too large to be read completely");
  EXPECT_EQ(verdict("", helpers), "unused");
}

TEST(ChartReading, FollowsListsAndDeepPlaces) {
  const std::string_view text =
      "{{ range $i, $one := .Values.sidecars }}\n- image: {{ $one.repository }}:{{ .tag }}\n{{ end }}\n"
      "{{ range $name, $c := .Values.components }}\nversion: {{ $c.image.tag }}\n{{ end }}\n"
      "{{ range list .Values.a .Values.b }}\nimage: {{ .image.repository }}:{{ .image.tag }}\n{{ end }}\n"
      "{{ range .Values.sidecars }}{{ range .more }}{{ end }}{{ end }}\n";
  EXPECT_EQ(verdict(text, {}, {"sidecars", "0"}), "ok");
  EXPECT_EQ(verdict(text, {}, {"components", "web", "image"}), "no: a.yaml:5 writes it as version");
  EXPECT_EQ(verdict(text, {}, {"a", "image"}), "ok");
  EXPECT_EQ(verdict(text, {}, {"b", "image"}), "ok");
  EXPECT_EQ(verdict(text, {}, {"c", "image"}), "unused");
  EXPECT_EQ(verdict("image: {{ .Values.repository }}:{{ .Values.tag }}\n", {}, {}), "ok");
}

TEST(ChartReading, UsesHelpersOfOtherCharts) {
  const std::vector<chart_template> own{{"a.yaml", "x: {{ include \"t\" . }}\n"}};
  const std::vector<chart_template> others{
      {"b.tpl", "{{ define \"t\" }}{{ .Values.image.tag }}{{ end }}version: {{ .Values.image.tag }}\n"}};
  EXPECT_EQ(verdict_of(read_templates(own, others), {{"image"}, "repository", "tag"}), "no: a.yaml:1 writes it as x");
  EXPECT_EQ(verdict_of(read_templates({}, others), {{"image"}, "repository", "tag"}), "unused");
}

TEST(ChartReading, EndsAtItsLimits) {
  // Helpers that include the next one twice: two to the power of 40.
  std::string helpers;
  for (int i = 0; i < 40; ++i)
    helpers += "{{ define \"h" + std::to_string(i) + "\" }}{{ include \"h" + std::to_string(i + 1) +
               "\" . }}{{ include \"h" + std::to_string(i + 1) + "\" . }}{{ end }}";
  EXPECT_EQ(verdict("image: x:{{ .Values.image.tag }}\n{{ include \"h0\" . }}\n", helpers),
            "?: its templates are too large to be read completely");
  const std::string deep = "{{ " + std::string(1000, '(') + ".Values.image.tag" + std::string(1000, ')') + " }}";
  EXPECT_EQ(verdict(deep), "?: its templates are too large to be read completely");
  // Dicts that double, by one helper within the other.
  const std::string doubled = "{{ define \"d\" }}{{ include \"d\" (dict \"a\" . \"b\" .) }}{{ end }}";
  EXPECT_EQ(verdict("{{ include \"d\" .Values.image }}\n", doubled),
            "?: its templates are too large to be read completely");
  std::string many = "x: {{ list";
  for (int i = 0; i < 100; ++i) many += " .Values.a" + std::to_string(i);
  EXPECT_EQ(verdict(many + " }}\n"), "unused");
}

// A string that is the whole image.
TEST(ChartReading, FindsFunctionsThatSplitAWholeImage) {
  const use_case cases[] = {
      {"image: {{ .Values.app.image }}\n", "ok"},
      {"image: {{ tpl .Values.app.image $ | quote }}\n", "ok"},
      {"{{ $p := split \":\" .Values.app.image }}image: {{ $p._0 }}:{{ $p._1 }}\n",
       "no: a.yaml:1 looks at it with split"},
      {"image: {{ (split \":\" .Values.app.image)._0 }}:v2\n", "no: a.yaml:1 looks at it with split"},
      {"image: {{ index (splitList \":\" .Values.app.image) 0 }}:v2\n", "no: a.yaml:1 looks at it with splitList"},
      {"image: {{ regexReplaceAll \":.*\" .Values.app.image \":v2\" }}\n", "?: a.yaml:1 writes it as image"},
      {"image: {{ .Values.app.image }}\nsum: {{ sha256sum .Values.app.image }}\n", "?: a.yaml:2 writes its sha256sum"},
      {"image: {{ .Values.app.image }}\nannotations:\n  is: {{ .Values.app.image }}\n", "?: a.yaml:3 writes it as is"},
      {"a:\n  {{- toYaml .Values.app | nindent 2 }}\n", "ok"},
  };
  for (const use_case& one : cases) {
    const std::vector<chart_template> all{{"a.yaml", std::string(one.text)}};
    EXPECT_EQ(verdict_of(read_templates(all), {{"app"}, "image", "image"}), one.expected) << one.text;
  }
}

}  // namespace
}  // namespace pinhook::files
