#include <pinhook/files/found_image.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::files {
namespace {

TEST(HelmTemplate, IsKnownByActionsWhereYamlWantsAValue) {
  for (const std::string_view text :
       {"{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n", "spec:\n  {{- toYaml .Values.spec | nindent 2 }}\n",
        "image: {{ .Values.image }}\n", "image:\t{{ .Values.image }}:1\n", "args:\n  - {{ .Values.arg }}\n",
        "args: [{{ .Values.a }}, {{ .Values.b }}]\n", "args: [1, {{ .Values.b }}]\n",
        "kind: Pod\r\n{{ include \"x\" . }}\r\n", "{{/* a comment\nof two lines */}}\nkind: Pod\n",
        "name: \"{{ include \"web.name\" . }}\"\n", "name: 'a-{{ .Values.x | default 'b' }}'\n"})
    EXPECT_TRUE(looks_like_template(text)) << text;
}

TEST(HelmTemplate, IsNotValidYaml) {
  for (const std::string_view text :
       {"", "kind: Pod\n", "image: \"{{inputs.parameters.image}}\"\n", "name: x-{{ .Release.Name }}\n",
        "image: nginx:{{ .Values.tag }}\n", "# {{ .Values.x }}\n", "a: {{\n", "a: {b: {c: d}}\n", "a:{{x}}\n"})
    EXPECT_FALSE(looks_like_template(text)) << text;
}

TEST(HelmTemplate, NamesTheRemedy) {
  const error e = not_rendered(7, 10);
  EXPECT_EQ(e.code, error_code::unsupported);
  EXPECT_EQ(e.message, "line 7, column 10: a Helm template, not YAML; render it first: helm template …");
  EXPECT_EQ(not_rendered().message, "a Helm template, not YAML; render it first: helm template …");
}

}  // namespace
}  // namespace pinhook::files
