#include <pinhook/cli/explain.hpp>

#include <pinhook/base/json.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::cli {
namespace {

const std::string hex64(64, 'a');
const std::string sha256 = "sha256:" + hex64;

TEST(Explain, TellsAPerson) {
  const auto e = explain("nginx:1.25", output_format::text);
  EXPECT_EQ(e.exit_code, 0);
  EXPECT_EQ(e.err, "");
  EXPECT_EQ(e.out,
            "reference   nginx:1.25\n"
            "registry    docker.io\n"
            "host        registry-1.docker.io\n"
            "repository  library/nginx\n"
            "tag         1.25\n"
            "digest      none\n"
            "canonical   docker.io/library/nginx:1.25\n");
}

TEST(Explain, TellsWhichTagIsMeant) {
  const auto has = [](const std::string& reference, std::string_view line) {
    return explain(reference, output_format::text).out.find(line) != std::string::npos;
  };
  EXPECT_TRUE(has("nginx", "tag         latest (none is written)\n"));
  EXPECT_TRUE(has("nginx:latest", "tag         latest\n"));
  EXPECT_TRUE(has("nginx@" + sha256, "tag         none\n"));
  EXPECT_TRUE(has("nginx:1@" + sha256, "tag         1 (the digest decides)\n"));
  EXPECT_TRUE(has("nginx:1@" + sha256, "digest      " + sha256 + "\n"));
  EXPECT_TRUE(has("nginx:1@" + sha256, "canonical   docker.io/library/nginx@" + sha256 + "\n"));
}

TEST(Explain, TellsAProgram) {
  const auto e = explain("localhost:5000/a/b:c", output_format::json);
  EXPECT_EQ(e.exit_code, 0);
  EXPECT_EQ(e.err, "");
  EXPECT_EQ(e.out, R"({"reference":"localhost:5000/a/b:c","registry":"localhost:5000","host":"localhost:5000",)"
                   R"("repository":"a/b","tag":"c","digest":null,"canonical":"localhost:5000/a/b:c","error":null})"
                   "\n");
}

TEST(Explain, JsonSaysWhatIsAbsent) {
  const auto member = [](const std::string& reference, std::string_view key) -> std::string {
    const auto document = json::parse(explain(reference, output_format::json).out);
    EXPECT_TRUE(document);
    const auto* found = json::find(*document, key);
    if (found == nullptr) return "missing";
    return found->IsNull() ? "null" : std::string(json::text_of(*found));
  };
  EXPECT_EQ(member("nginx", "tag"), "latest");
  EXPECT_EQ(member("nginx", "host"), "registry-1.docker.io");
  EXPECT_EQ(member("nginx@" + sha256, "tag"), "null");
  EXPECT_EQ(member("nginx@" + sha256, "digest"), sha256);
  EXPECT_EQ(member("nginx:1@" + sha256, "tag"), "1");
  EXPECT_EQ(member("nginx:1@" + sha256, "canonical"), "docker.io/library/nginx@" + sha256);
  EXPECT_EQ(member("nginx", "error"), "null");
}

TEST(Explain, JsonSaysWhatIsWrong) {
  const auto e = explain("nginx:", output_format::json);
  EXPECT_EQ(e.exit_code, 2);
  EXPECT_EQ(e.err, "");
  EXPECT_EQ(e.out,
            R"({"reference":"nginx:","registry":null,"host":null,"repository":null,"tag":null,"digest":null,)"
            R"("canonical":null,"error":"invalid image reference \"nginx:\", position 7: the tag after ':' is empty"})"
            "\n");
}

TEST(Explain, JsonIsJsonWhateverTheText) {
  for (const std::string& text :
       std::vector<std::string>{"", "a\xff", "caf\xc3\xa9", "a\x01\x1f\x7f\"\\", std::string("a\0b", 3),
                                std::string(5000, '\xff'), "\xed\xa0\x80"}) {
    const auto e = explain(text, output_format::json);
    EXPECT_EQ(e.exit_code, 2);
    const auto document = json::parse(e.out);
    ASSERT_TRUE(document) << document.error().message << ": " << e.out;
    EXPECT_TRUE(json::find_string(*document, "error"));
  }
}

TEST(Explain, PointsAtTheFault) {
  struct row {
    std::string text, err;
  };
  for (const auto& [text, err] : std::vector<row>{
           {"nginx:",
            "pinhook explain: not an image reference: the tag after ':' is empty (position 7)\n"
            "  \"nginx:\"\n"
            "         ^\n"},
           {"docker/Docker",
            "pinhook explain: not an image reference: upper-case letter 'D'; repository names are lower-case (position "
            "8)\n"
            "  \"docker/Docker\"\n"
            "          ^\n"},
           {"",
            "pinhook explain: not an image reference: an image reference must not be empty (position 1)\n"
            "  \"\"\n"
            "   ^\n"},
           {"a:\nb",
            "pinhook explain: not an image reference: a line break is not allowed in a tag (position 3)\n"
            "  \"a:\\x0ab\"\n"
            "     ^\n"},
       }) {
    const auto e = explain(text, output_format::text);
    EXPECT_EQ(e.exit_code, 2);
    EXPECT_EQ(e.out, "");
    EXPECT_EQ(e.err, err);
  }
}

TEST(Explain, CaretStandsUnderTheFaultOfALongText) {
  std::string text(601, 'a');
  text.replace(300, 301, "!" + std::string(300, 'b'));
  const auto e = explain(text, output_format::text);
  EXPECT_NE(e.err.find("(position 301)"), std::string::npos);
  const auto line_start = e.err.find('\n') + 1;
  const auto line_end = e.err.find('\n', line_start);
  const auto caret = e.err.find('^') - (line_end + 1);
  // An ellipsis precedes the fault: three bytes, one column.
  EXPECT_EQ(e.err[line_start + caret + 2], '!') << e.err;
  EXPECT_LT(e.err.size(), 400U);
}

TEST(Explain, WrapsWiderRowsOfATerminalBelowTheirValue) {
  const std::string rows =
      "tag         1\n"
      "tried       https://r.example: no connection in time\n"
      "            https://m.example: not found\n";
  EXPECT_EQ(wrapped_rows(rows, 0), rows);
  EXPECT_EQ(wrapped_rows(rows, 40),
            "tag         1\n"
            "tried       https://r.example: no\n"
            "              connection in time\n"
            "            https://m.example: not found\n");
}

}  // namespace
}  // namespace pinhook::cli
