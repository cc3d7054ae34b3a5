#include <pinhook/files/tag_comment.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

// The node of the scalar with this value, or of the alias with this name.
yaml::node_index scalar_of(const yaml::source_document& doc, std::string_view value) {
  for (yaml::node_index i = 0; i < doc.nodes.size(); ++i)
    if (doc.nodes[i].text == value && doc.nodes[i].first == yaml::no_node) return i;
  ADD_FAILURE() << "no scalar " << value;
  return 0;
}

// The text with "[" where the chain begins and "]" where it ends; "none" where no comment is allowed.
std::string shown(const std::string& text, std::string_view value = "nginx") {
  const auto read = yaml::read_source(text);
  if (!read) return read.error().message;
  const yaml::source_document& doc = read->documents.back();
  const auto line = line_end_at(doc, text, scalar_of(doc, value));
  if (!line) return "none";
  EXPECT_EQ(line->chain.size(), line->spans.size());
  std::string out = text;
  out.insert(line->chain_end, "]");
  return out.insert(line->chain_begin, "[");
}

struct place {
  std::string_view text;
  std::string_view shown;
};

TEST(TagComment, FindsTheEndOfTheLine) {
  const place table[] = {
      {"image: nginx\n", "image: nginx[]\n"},
      {"image: nginx", "image: nginx[]"},
      {"image: nginx\r\nb: c\r\n", "image: nginx[]\r\nb: c\r\n"},
      {"image: nginx  \t \nb: c\n", "image: nginx[]  \t \nb: c\n"},
      {"\xEF\xBB\xBFimage: nginx # keep me\n", "\xEF\xBB\xBFimage: nginx[] # keep me\n"},
      {"image: 'nginx'\t# keep me\n", "image: 'nginx'[]\t# keep me\n"},
      {"image: !!str nginx #\n", "image: !!str nginx[] #\n"},
      {"- image: &a \"nginx\" #keep\n", "- image: &a \"nginx\"[] #keep\n"},
      {"? nginx\n: b\n", "? nginx[]\n: b\n"},
      {"a: {image: nginx}\n", "a: {image: nginx}[]\n"},
      {"a: {image: nginx, b: 'x # y', \"c # d\": e#f}  # keep me\n",
       "a: {image: nginx, b: 'x # y', \"c # d\": e#f}[]  # keep me\n"},
      {"a: [{image: nginx, e: \xC3\xA4\xF0\x9F\x90\xB3}, [1, 2]] # \xC3\xA4\n",
       "a: [{image: nginx, e: \xC3\xA4\xF0\x9F\x90\xB3}, [1, 2]][] # \xC3\xA4\n"},
      {"a: {\n  image: nginx, # keep me\n  b: c}\n", "a: {\n  image: nginx,[] # keep me\n  b: c}\n"},
      {"b: &x 1\na: {image: nginx, b: *x} # keep me\n", "b: &x 1\na: {image: nginx, b: *x}[] # keep me\n"},
      {"a: {b: , image: nginx, c: }\n", "a: {b: , image: nginx, c: }[]\n"},
      {"--- # first\nimage: nginx\n...\n", "--- # first\nimage: nginx[]\n...\n"},
      {"image: >-\n  nginx\n", "image: >-[]\n  nginx\n"},
      {"image: !!str |1-  # keep me\n nginx\n", "image: !!str |1-[]  # keep me\n nginx\n"},
      {"- >-  # keep me\n  nginx\n", "- >-[]  # keep me\n  nginx\n"},
      {"image: # a | b\n  |-\n    nginx\n", "image: # a | b\n  |-[]\n    nginx\n"},
      {"--- >-\n  nginx\n", "--- >-[]\n  nginx\n"},
      {"a: [1, 2]\nimage: >-\n  nginx\n\n", "a: [1, 2]\nimage: >-[]\n  nginx\n\n"},
  };
  for (const place& one : table) EXPECT_EQ(shown(std::string(one.text)), one.shown) << one.text;
}

TEST(TagComment, HasNoPlaceBehindNothing) {
  const std::string text = "image: nginx\n";
  const auto read = yaml::read_source(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(line_end_at(read->documents.front(), text, yaml::no_node));
}

TEST(TagComment, FindsTheEndInALaterDocument) {
  const std::string text = "a: 1\n---\nimage: nginx # b\n";
  const auto read = yaml::read_source(text);
  ASSERT_TRUE(read) << read.error().message;
  const yaml::source_document& doc = read->documents.at(1);
  const auto line = line_end_at(doc, text, scalar_of(doc, "nginx"));
  ASSERT_TRUE(line);
  EXPECT_EQ(text.substr(0, line->chain_begin), "a: 1\n---\nimage: nginx");
}

TEST(TagComment, HasNoPlaceInJson) {
  const std::string_view table[] = {
      R"({"image":"nginx"})",
      "\xEF\xBB\xBF\n{\n  \"items\": [\n    {\"image\": \"nginx\", \"b\": 1}\n  ]\n}\n",
      R"(["nginx"])",
  };
  for (const std::string_view text : table) EXPECT_EQ(shown(std::string(text)), "none") << text;
}

TEST(TagComment, TellsFlowStyleFromJson) {
  const place table[] = {
      {"{image: \"nginx\"}\n", "{image: \"nginx\"}[]\n"},
      {"{\"image\": nginx}\n", "{\"image\": nginx}[]\n"},
      {"{a: {\"image\": \"nginx\"}}\n", "{a: {\"image\": \"nginx\"}}[]\n"},
      {"--- {\"image\": \"nginx\"}\n", "--- {\"image\": \"nginx\"}[]\n"},
      {"{\"image\": \"nginx\"} # keep me\n", "{\"image\": \"nginx\"}[] # keep me\n"},
      {"- {\"image\": \"nginx\"}\n", "- {\"image\": \"nginx\"}[]\n"},
      {"\"nginx\"\n", "\"nginx\"[]\n"},
  };
  for (const place& one : table) EXPECT_EQ(shown(std::string(one.text)), one.shown) << one.text;
}

TEST(TagComment, HasNoPlaceWhereAScalarGoesOn) {
  EXPECT_EQ(shown("{image: nginx, b: \"c\n  d\"}\n"), "none");
  EXPECT_EQ(shown("{image: nginx, b: 'c\r\n  d'}\r\n"), "none");
  EXPECT_EQ(shown("{image: nginx, b: c\n  d}\n"), "none");
  EXPECT_EQ(shown("{b: \"c\n  d\", image: nginx}\n"), "{b: \"c\n  d\", image: nginx}[]\n");
}

struct chain_case {
  std::string_view comment;
  std::string_view chain;  // joined by a blank
  std::string_view rest;   // behind it
};

TEST(TagComment, ReadsTheChain) {
  const chain_case table[] = {
      {" # nginx:1.25", "nginx:1.25", ""},
      {" # redis", "redis", ""},
      {"\t#  nginx:1.25 \t", "nginx:1.25", " \t"},
      {" # nginx:1.25 # redis # ours: see the wiki", "nginx:1.25 redis", " # ours: see the wiki"},
      {" # nginx:1.25   # keep me", "nginx:1.25", "   # keep me"},
      {" # nginx:1.25 #", "nginx:1.25", " #"},
      {" # nginx:1.25 # keep", "nginx:1.25 keep", ""},
      {" # nginx:1.25 is ours", "", " # nginx:1.25 is ours"},
      {" # keep me # nginx:1.25", "", " # keep me # nginx:1.25"},
      {" #nginx:1.25", "", " #nginx:1.25"},
      {" #", "", " #"},
      {" # ", "", " # "},
      {" # nginx:1.25#x", "", " # nginx:1.25#x"},
      {" # Nginx", "", " # Nginx"},
      {" # nginx:1.25 # x-release-please-version", "nginx:1.25", " # x-release-please-version"},
      {" # nginx:1.25 # noqa # keep me", "nginx:1.25 noqa", " # keep me"},
      {" # nginx:1.25 # {\"$imagepolicy\": \"a:b\"}", "nginx:1.25", " # {\"$imagepolicy\": \"a:b\"}"},
      {" # localhost:5000/a/b:c", "localhost:5000/a/b:c", ""},
      {" # nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "",
       " # nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
  };
  for (const chain_case& one : table) {
    for (const std::string_view line_break : {"\n", "\r\n", ""}) {
      const std::string text = "image: nginx" + std::string(one.comment) + std::string(line_break);
      const auto read = yaml::read_source(text);
      ASSERT_TRUE(read) << text;
      const auto line = line_end_at(read->documents[0], text, scalar_of(read->documents[0], "nginx"));
      ASSERT_TRUE(line) << text;
      std::string chain;
      for (const auto& ref : line->chain) chain += (chain.empty() ? "" : " ") + ref.written();
      EXPECT_EQ(chain, one.chain) << text;
      EXPECT_EQ(text.substr(line->chain_end), std::string(one.rest) + std::string(line_break)) << text;
    }
  }
}

TEST(TagComment, ReadsNoElementLongerThanAReference) {
  const std::string text = "image: nginx # " + std::string(registry::max_reference_size + 1, 'a') + "\n";
  const auto read = yaml::read_source(text);
  ASSERT_TRUE(read);
  const auto line = line_end_at(read->documents[0], text, scalar_of(read->documents[0], "nginx"));
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->chain.empty());
}

TEST(TagComment, SpansOfElementsBeginWithTheirWhiteSpace) {
  const std::string text = "image: nginx  # nginx:1.25\t# redis # ours too\n";
  const auto read = yaml::read_source(text);
  ASSERT_TRUE(read);
  const auto line = line_end_at(read->documents[0], text, scalar_of(read->documents[0], "nginx"));
  ASSERT_TRUE(line);
  ASSERT_EQ(line->spans.size(), 2U);
  EXPECT_EQ(text.substr(line->spans[0].begin, line->spans[0].size()), "  # nginx:1.25");
  EXPECT_EQ(text.substr(line->spans[1].begin, line->spans[1].size()), "\t# redis");
}

TEST(TagComment, WritesTheChain) {
  EXPECT_EQ(chain_text({}), "");
  EXPECT_EQ(chain_text({"nginx:1.25"}), " # nginx:1.25");
  EXPECT_EQ(chain_text({"nginx:1.25", "redis"}), " # nginx:1.25 # redis");
}

struct match_case {
  std::vector<std::string> chain;
  std::vector<std::string_view> pins;
  std::vector<int> found;  // -1: none
};

TEST(TagComment, MatchesElementsByName) {
  const match_case table[] = {
      {{}, {"nginx"}, {-1}},
      {{"nginx:1.25"}, {}, {}},
      {{"nginx:1.25"}, {"nginx"}, {0}},
      {{"nginx"}, {"nginx"}, {0}},
      {{"nginx:1.25"}, {"docker.io/library/nginx"}, {-1}},
      {{"nginx:1.25", "redis"}, {"nginx", "redis"}, {0, 1}},
      {{"redis", "nginx:1.25"}, {"nginx", "redis"}, {1, 0}},
      {{"redis"}, {"nginx", "redis"}, {-1, 0}},
      {{"nginx:1", "nginx:2"}, {"nginx", "nginx"}, {0, 1}},
      {{"nginx:1", "nginx:2"}, {"nginx"}, {0}},
      {{"nginx:1"}, {"nginx", "nginx"}, {0, -1}},
      {{"nginx:1", "keep"}, {"nginx"}, {0}},
  };
  for (const match_case& one : table) {
    std::vector<registry::reference> chain;
    for (const std::string& ref : one.chain) chain.push_back(*registry::reference::parse(ref));
    std::vector<int> found;
    for (const auto& i : match_chain(chain, one.pins)) found.push_back(i ? static_cast<int>(*i) : -1);
    EXPECT_EQ(found, one.found);
  }
}

}  // namespace
}  // namespace pinhook::files
