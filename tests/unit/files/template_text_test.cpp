#include <pinhook/files/template_text.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  for (const template_piece& one : split_template(text))
    out.push_back(fmt::format("{}{}:{}", one.is_action ? "!" : "", one.line, one.text));
  return out;
}

std::vector<std::string> tokens(std::string_view action) {
  std::vector<std::string> out;
  for (const template_token& one : template_tokens(action))
    out.push_back(fmt::format("{}:{}", static_cast<int>(one.kind), one.text));
  return out;
}

TEST(TemplateText, IsCutIntoTextAndActions) {
  EXPECT_THAT(pieces("a: {{ .x }}\nb: {{- .y -}}  \n c"), ElementsAre("1:a: ", "!1: .x ", "1:\nb:", "!2: .y ", "3:c"));
  EXPECT_THAT(pieces("{{/* no: {{ .x }} */}}a{{- /* x */ -}} b"), ElementsAre("1:a", "1:b"));
  EXPECT_THAT(pieces("{{ \"}}\" }}{{ `\n}}` }}x"), ElementsAre("!1: \"}}\" ", "!1: `\n}}` ", "2:x"));
  EXPECT_THAT(pieces("{{-1}}"), ElementsAre("!1:-1"));
  EXPECT_THAT(pieces("a {{ .x"), ElementsAre("1:a "));
  EXPECT_THAT(pieces("a {{/* x"), ElementsAre("1:a "));
  EXPECT_THAT(pieces("{{"), IsEmpty());
  EXPECT_THAT(pieces("{{\n.x\n}}b"), ElementsAre("!1:\n.x\n", "3:b"));
}

TEST(TemplateText, ActionsAreCutIntoTokens) {
  EXPECT_THAT(tokens(" include \"a.b\" (dict \"k\" .Values.x \"c\" $) | nindent 4 "),
              ElementsAre("0:include", "2:a.b", "3:(", "0:dict", "2:k", "1:.Values.x", "2:c", "1:$", "3:)", "3:|",
                          "0:nindent", "0:4"));
  EXPECT_THAT(tokens("$k, $v := .x"), ElementsAre("1:$k", "3:,", "1:$v", "3::=", "1:.x"));
  EXPECT_THAT(tokens("(.a).b"), ElementsAre("3:(", "1:.a", "3:)", "1:.b"));
  EXPECT_THAT(tokens("\"open"), ElementsAre("2:ope"));
  EXPECT_THAT(tokens("'x' `y`"), ElementsAre("2:x", "2:y"));
}

}  // namespace
}  // namespace pinhook::files
