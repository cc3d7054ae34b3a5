#include <pinhook/yaml/source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> pieces(std::string_view text) {
  const auto got = read_source(text);
  if (!got) {
    ADD_FAILURE() << got.error().message << " in:\n" << text;
    return {};
  }
  std::vector<std::string> out;
  for (const auto& d : got->documents) out.emplace_back(text.substr(d.span.begin, d.span.size()));
  return out;
}

TEST(YamlSourceDocuments, SpanTheWholeText) {
  EXPECT_THAT(pieces("a: 1\n"), ElementsAre("a: 1\n"));
  EXPECT_THAT(pieces("a: 1\n---\nb: 2\n"), ElementsAre("a: 1\n", "---\nb: 2\n"));
  EXPECT_THAT(pieces("---\na: 1\n---\nb: 2\n"), ElementsAre("---\na: 1\n", "---\nb: 2\n"));
  EXPECT_THAT(pieces("a: 1\n---\nb: 2"), ElementsAre("a: 1\n", "---\nb: 2"));
  EXPECT_THAT(pieces("a: 1\r\n---\r\nb: 2\r\n"), ElementsAre("a: 1\r\n", "---\r\nb: 2\r\n"));
  EXPECT_THAT(pieces("# c\n---\na: 1\n# d\n--- # e\nb: 2\n"), ElementsAre("# c\n---\na: 1\n# d\n", "--- # e\nb: 2\n"));
  EXPECT_THAT(pieces("a: 1\n...\nb: 2\n"), ElementsAre("a: 1", "\n...\nb: 2\n"));
  EXPECT_THAT(pieces("a:\n...\n# c\nb: 2\n"), ElementsAre("a:", "\n...\n# c\nb: 2\n"));
}

TEST(YamlSourceDocuments, MayBeEmpty) {
  for (const std::string_view text : {"", "\n", "# only a comment\n", "  \n\n"}) {
    const auto got = read_source(text);
    ASSERT_TRUE(got) << text;
    for (const auto& d : got->documents) EXPECT_EQ(d.root, no_node) << text;
  }
  const auto got = read_source("---\n---\na: 1\n---\n# nothing\n---\n");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->documents.size(), 4U);
  for (const std::size_t i : {0U, 2U, 3U}) {
    const auto& d = got->documents[i];
    EXPECT_TRUE(d.root == no_node || d.is_null(d.root)) << i;
  }
  EXPECT_EQ(got->documents[1].text_of(got->documents[1].root, "a"), "1");
}

TEST(YamlSourceDocuments, ReadANodeThatIsNotThereAsNothing) {
  const auto got = read_source("a: 1\n");
  ASSERT_TRUE(got);
  const source_document& doc = got->documents.front();
  EXPECT_EQ(doc.find(doc.root, "b"), no_node);
  for (const node_index i : {no_node, static_cast<node_index>(doc.nodes.size())}) {
    EXPECT_EQ(doc.at(i).kind, source_kind::scalar);
    EXPECT_EQ(doc.at(i).form, scalar_form::none);
    EXPECT_EQ(doc.at(i).text, "");
    EXPECT_EQ(doc.at(i).first, no_node);
    EXPECT_EQ(doc.resolve(i), i);
    EXPECT_TRUE(doc.is_null(i));
  }
  // Of a document without anything, too.
  EXPECT_TRUE(source_document{}.is_null(0));
}

TEST(YamlSourceDocuments, EndWithDots) {
  const std::string_view text = "a: 1\n...\n---\nb: 2\n...\n";
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->documents.size(), 2U);
  EXPECT_EQ(got->documents[0].text_of(got->documents[0].root, "a"), "1");
  EXPECT_EQ(got->documents[1].text_of(got->documents[1].root, "b"), "2");
  EXPECT_THAT(pieces(text), ElementsAre("a: 1\n...\n", "---\nb: 2\n...\n"));
}

TEST(YamlSourceDocuments, LinesCountOverAllOfThem) {
  const std::string_view text = "# Source: chart/a.yaml\na: 1\n---\n# Source: chart/b.yaml\nb: nginx # c\n";
  const auto got = read_source(text);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->documents.size(), 2U);
  const auto& d = got->documents[1];
  const auto& b = d.at(d.find(d.root, "b"));
  EXPECT_EQ(b.line, 5U);
  EXPECT_EQ(b.column, 4U);
  EXPECT_EQ(text.substr(b.span.begin, b.span.size()), "nginx");
}

TEST(YamlSourceDocuments, MayBeEqual) {
  EXPECT_THAT(pieces("a: 1\n---\na: 1\n"), ElementsAre("a: 1\n", "---\na: 1\n"));
}

TEST(YamlSourceDocuments, MarksInsideOfTextAreText) {
  const std::string_view text = "a: |\n  ---\n  b\nc: '\n  ---'\n";
  EXPECT_THAT(pieces(text), ElementsAre(std::string(text)));
}

TEST(YamlSourceDocuments, AByteOrderMarkIsPassedOver) {
  const std::string_view text =
      "\xef\xbb\xbf"
      "---\r\na: 1\r\n";
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->documents.size(), 1U);
  const auto& d = got->documents[0];
  EXPECT_EQ(d.span.begin, 0U);
  EXPECT_EQ(d.span.end, text.size());
  const auto& key = d.at(d.at(d.root).first);
  EXPECT_EQ(text.substr(key.span.begin, key.span.size()), "a");
  EXPECT_EQ(key.column, 1U);
}

// Files with a mark that were written one behind the other. kubectl and kustomize cut at "---" first, and read them.
TEST(YamlSourceDocuments, EachDocumentMayBeginWithAByteOrderMark) {
  for (const std::string start : {"---\n", "---\r\n", "--- \t\n", "--- # second\n", "---\t# second\r\n"})
    for (const std::string before : {"", "a: 1\n", "a: |\n  text\n", "# only a comment\n", "...\n"}) {
      const std::string text = before + start +
                               "\xef\xbb\xbf"
                               "b: nginx\nc: 'x\n  y'\n";
      const auto got = read_source(text);
      ASSERT_TRUE(got) << text << got.error().message;
      const auto& d = got->documents.back();
      EXPECT_EQ(d.text_of(d.root, "c"), "x y");
      const auto& value = d.at(d.find(d.root, "b"));
      ASSERT_EQ(value.text, "nginx") << text;
      EXPECT_EQ(value.text.data(), text.data() + value.span.begin);
      EXPECT_EQ(value.span.begin, text.find("nginx"));
      EXPECT_EQ(value.line, std::ranges::count(before, '\n') + 2);
      EXPECT_EQ(value.column, 4U);
      EXPECT_EQ(d.at(d.at(d.root).first).span.begin, text.find("b: "));
    }
}

TEST(YamlSourceDocuments, AByteOrderMarkElsewhereIsALetter) {
  for (const std::string before : {"a: 1\nb: ", "--- a", "---a\n", "a: |\n  ---\n  "}) {
    const std::string text = before +
                             "\xef\xbb\xbf"
                             "x\n";
    const auto got = read_source(text);
    ASSERT_TRUE(got) << text << got.error().message;
    EXPECT_TRUE(std::ranges::any_of(got->documents.back().nodes, [](const source_node& n) {
      return n.text.find("\xef\xbb\xbf") != std::string_view::npos;
    })) << text;
  }
}

TEST(YamlSourceDocuments, FlowOnTheLineOfTheByteOrderMarkCountsFromOne) {
  const auto got = read_source(
      "\xef\xbb\xbf"
      "{\"a\": 1}");
  ASSERT_TRUE(got) << got.error().message;
  const auto& d = got->documents[0];
  EXPECT_EQ(d.at(d.root).column, 1U);
  EXPECT_EQ(d.at(d.root).span.begin, 3U);
  EXPECT_EQ(d.at(d.find(d.root, "a")).column, 7U);
}

TEST(YamlSourceDocuments, RefusesWhatIsNoYaml) {
  for (const std::string_view text :
       {"a: [1, 2\n", "a: 'x\n", "a: \"x\n", "a: b: c\n", "- a\nb: 1\n", "a: 1\n b: 2\n", "a:\n\t- b\n", "{a: 1]\n",
        "@a: 1\n", "a: `b`\n", "{{ if .Values.x }}\na: 1\n{{ end }}\n", "a: \"\\q\"\n", "key: *\n", "a: &\n"}) {
    const auto got = read_source(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed) << text;
    EXPECT_THAT(got.error().message, StartsWith("line ")) << text;
    EXPECT_THAT(got.error().message, HasSubstr(", column ")) << text;
  }
}

TEST(YamlSourceDocuments, AnErrorSaysItsPlace) {
  const auto got = read_source("a: 1\n---\nb: 2\nc: [1, 2\n");
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, ::testing::ContainsRegex("^line [45], column "));
}

TEST(YamlSourceDocuments, RefusesBytesThatAreNoText) {
  EXPECT_FALSE(read_source(std::string_view("a: \0b\n", 6)));
  const auto latin = read_source("a: 1\nb: caf\xe9\n");
  ASSERT_FALSE(latin);
  EXPECT_EQ(latin.error().code, error_code::malformed);
  EXPECT_THAT(latin.error().message, StartsWith("line 2, column 7: "));
  EXPECT_FALSE(
      read_source("\xff\xfe"
                  "a\0:\0"));
  EXPECT_FALSE(read_source("'\xe0\x91\xb2'"));
}

TEST(YamlSourceDocuments, RefusesMoreThanItsLimits) {
  source_limits limits;
  limits.size = 10;
  EXPECT_TRUE(read_source("a: 1234567", limits));
  const auto big = read_source("a: 12345678", limits);
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().code, error_code::malformed);
  EXPECT_THAT(big.error().message, HasSubstr("10"));

  limits = {};
  limits.depth = 3;
  EXPECT_TRUE(read_source("[[[1]]]", limits));
  EXPECT_TRUE(read_source("- - - 1", limits));
  for (const std::string_view text : {"[[[[1]]]]", "- - - - 1", "a: {b: {c: {d: 1}}}"}) {
    const auto deep = read_source(text, limits);
    ASSERT_FALSE(deep) << text;
    EXPECT_EQ(deep.error().code, error_code::malformed);
    EXPECT_THAT(deep.error().message, HasSubstr("3"));
  }

  limits = {};
  limits.nodes = 4;
  EXPECT_TRUE(read_source("[1, 2, 3]", limits));
  EXPECT_TRUE(read_source("[1, 2, 3]\n---\n[1, 2, 3]", limits));
  const auto many = read_source("[1, 2, 3, 4]", limits);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, error_code::malformed);
  EXPECT_THAT(many.error().message, HasSubstr("4"));
}

TEST(YamlSourceDocuments, SurvivesDepthThatWouldOverflowAStack) {
  for (const char* opening : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += opening;
    EXPECT_FALSE(read_source(text)) << opening;
  }
}

TEST(YamlSourceDocuments, ManyAliasesOfManyAliasesAreFewNodes) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) text += (n == 0 ? "" : ", ") + before;
    text += "]\n";
  }
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_LT(got->documents[0].nodes.size(), 1000U);
}

TEST(YamlSourceDocuments, MergeKeysOfMergeKeysEnd) {
  // Each merges the one before twice: a search that goes both ways at each of them does not end in our time.
  std::string text = "m0: &m0 {x: 1}\n";
  for (int i = 1; i < 60; ++i) {
    const auto before = "*m" + std::to_string(i - 1);
    text += "m" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: [" + before + ", " + before + "]}\n";
  }
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  const auto& d = got->documents[0];
  EXPECT_EQ(d.text_of(d.find(d.root, "m59"), "x"), "1");
  EXPECT_EQ(d.find(d.find(d.root, "m59"), "absent"), no_node);
}

TEST(YamlSourceDocuments, AChainOfMergeKeysThatIsTooLongIsRefusedInGoodTime) {
  std::string text = "- &m0 {x: 1}\n";
  for (int i = 1; i < 20'000; ++i) text += "- &m" + std::to_string(i) + " {<<: *m" + std::to_string(i - 1) + "}\n";
  const auto got = read_source(text);
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, ::testing::HasSubstr("its merge keys bring in more than"));
}

TEST(YamlSourceDocuments, ALongLineOfMissingValuesIsReadInGoodTime) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += "k" + std::to_string(i) + ": , ";
  text += "}";
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->documents[0].nodes.size(), 100'001U);
  const auto& last = got->documents[0].nodes.back();
  EXPECT_EQ(last.line, 1U);
  EXPECT_EQ(last.column, text.size() - 3);
}

TEST(YamlSourceDocuments, EveryPrefixIsReadOrRefused) {
  const std::string whole =
      "%YAML 1.2\n---\na: &x 'b'\r\n? c\n: \"d\\n\"\nlist:\n  - [x, *x]\n  - >-\n    z\n  - <<: {y: 1}\n...\n--- !!str "
      "w\n";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const auto text = std::string_view(whole).substr(0, n);
    const auto got = read_source(text);
    if (!got) {
      EXPECT_EQ(got.error().code, error_code::malformed) << n;
      continue;
    }
    for (const auto& d : got->documents)
      for (const auto& node : d.nodes) EXPECT_LE(node.span.end, text.size()) << n;
  }
}

}  // namespace
}  // namespace pinhook::yaml
