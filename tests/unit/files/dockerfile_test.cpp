#include <pinhook/files/dockerfile.hpp>

#include <pinhook/files/image_file.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "FROM stage 0 nginx:1.25"; a variable with its line behind.
std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> out;
  for (const dockerfile_image& one : read_dockerfile(text)) {
    out.push_back(fmt::format("{} {} {}", one.place, one.stage, text.substr(one.span.begin, one.span.size())));
    if (!one.variable.empty()) out.back() += fmt::format(" ({}, {})", one.variable, one.argument_line);
    if (!one.is_whole) out.back() += " (in pieces)";
  }
  return out;
}

struct dockerfile_case {
  const char* text;
  std::vector<std::string> found;
};

TEST(Dockerfile, FindsTheImages) {
  const std::vector<dockerfile_case> cases{
      {"", {}},
      {"\n\n", {}},
      {"# nothing\n", {}},
      {"FROM nginx:1.25", {"FROM stage 0 nginx:1.25"}},
      {"FROM nginx:1.25\n", {"FROM stage 0 nginx:1.25"}},
      {"FROM nginx:1.25\r\nRUN x\r\n", {"FROM stage 0 nginx:1.25"}},
      {"\xEF\xBB\xBF"
       "FROM nginx:1.25\n",
       {"FROM stage 0 nginx:1.25"}},
      {"  from\tnginx:1.25\n", {"FROM stage 0 nginx:1.25"}},
      {"FROM\n", {}},
      {"FROM --platform=$BUILDPLATFORM nginx:1.25 AS web\n", {"FROM stage web nginx:1.25"}},
      {"FROM \"nginx:1.25\"\nFROM 'redis'\n", {"FROM stage 0 nginx:1.25", "FROM stage 1 redis"}},
      {"FROM scratch\n", {}},
      {"FROM golang:1.23 AS Build\nFROM build AS test\nFROM alpine\nCOPY --from=BUILD /a /b\n",
       {"FROM stage build golang:1.23", "FROM stage 2 alpine"}},
      {"FROM a AS a\nFROM a\n", {"FROM stage a a"}},
      {"FROM a\nCOPY --from=0 /x /x\nCOPY --from=redis:7 --chown=1 /x /x\nCOPY --chown=1 --from=b:1 /x /x\n",
       {"FROM stage 0 a", "COPY --from stage 0 redis:7", "COPY --from stage 0 b:1"}},
      {"FROM a\nCOPY /x --from=redis:7\n", {"FROM stage 0 a"}},
      {"FROM a\nCOPY --from=later /x /x\nFROM b AS later\n", {"FROM stage 0 a", "FROM stage later b"}},
      {"FROM a\nRUN --mount=type=bind,from=tools:1,source=/a --mount=type=cache,target=/c,from=b:2 make\n",
       {"FROM stage 0 a", "RUN --mount stage 0 tools:1", "RUN --mount stage 0 b:2"}},
      {"FROM a\nRUN --mount=\"type=bind,from=b:1,target=/x\" make\n", {"FROM stage 0 a", "RUN --mount stage 0 b:1"}},
      {"FROM a\nRUN --mount='from=b:1' --mount=type=bind,'from=c:1' make\n",
       {"FROM stage 0 a", "RUN --mount stage 0 b:1", "RUN --mount stage 0 c:1"}},
      {"FROM a\nRUN --mount=type=bind,\\\"from=b:1\\\",\\\"target=/a,b\\\",From=c:1 make\n",
       {"FROM stage 0 a", "RUN --mount stage 0 b:1", "RUN --mount stage 0 c:1"}},
      {"FROM a\nCOPY --from='b:1' / /\nCOPY \"--from=none\" / /\nRUN --mount=from=\n",
       {"FROM stage 0 a", "COPY --from stage 0 b:1"}},
      {"FROM a\nRUN --mount=type=bind,from=x make --mount=from=none\n", {"FROM stage 0 a", "RUN --mount stage 0 x"}},
      {"FROM a\nONBUILD COPY --from=b:1 / /\nONBUILD RUN --mount=from=c:1 x\n",
       {"FROM stage 0 a", "COPY --from stage 0 b:1", "RUN --mount stage 0 c:1"}},
      {"# syntax=docker/dockerfile:1\nFROM a\n", {"syntax Dockerfile docker/dockerfile:1", "FROM stage 0 a"}},
      {"#!/usr/bin/env x\n#  SYNTAX = docker/dockerfile:1 more\nFROM a\n",
       {"syntax Dockerfile docker/dockerfile:1", "FROM stage 0 a"}},
      {"# a comment\n# syntax=docker/dockerfile:1\nFROM a\n", {"FROM stage 0 a"}},
      {"# check=skip=all\n# syntax=docker/dockerfile:1\nFROM a\n",
       {"syntax Dockerfile docker/dockerfile:1", "FROM stage 0 a"}},
      {"FROM a\n# syntax=docker/dockerfile:1\n", {"FROM stage 0 a"}},
      {"ARG V=1.25\nARG BASE=nginx:1.25 OTHER=x\nFROM nginx:${V}\nFROM $BASE\nFROM ${NONE:-a}\n",
       {"FROM stage 0 nginx:${V} (V, 1)", "FROM stage 1 $BASE (BASE, 2)", "FROM stage 2 ${NONE:-a} (NONE, 0)"}},
      {"ARG V\nFROM nginx:${V}\n", {"FROM stage 0 nginx:${V} (V, 0)"}},
      {"FROM a\nARG V=1\nFROM nginx:${V}\n", {"FROM stage 0 a", "FROM stage 1 nginx:${V} (V, 0)"}},
  };
  for (const dockerfile_case& one : cases) EXPECT_EQ(read(one.text), one.found) << one.text;
}

TEST(Dockerfile, ReadsContinuedLines) {
  const std::vector<dockerfile_case> cases{
      {"FROM \\\n  nginx:1.25 \\\n AS web\n", {"FROM stage web nginx:1.25"}},
      {"FROM a\nRUN x \\\n  && FROM b \\\n  # FROM c\n\n  && y\nFROM d\n", {"FROM stage 0 a", "FROM stage 1 d"}},
      {"FROM a\nRUN x \\  \r\nFROM b\r\nFROM d\r\n", {"FROM stage 0 a", "FROM stage 1 d"}},
      {"FROM a\nRUN x \\\\\nFROM b\n", {"FROM stage 0 a", "FROM stage 1 b"}},
      {"# escape=`\nFROM a\nRUN x `\nFROM b\nRUN dir c:\\\nFROM d\n", {"FROM stage 0 a", "FROM stage 1 d"}},
      {"FROM ngi\\\nnx:1.25\n", {"FROM stage 0 ngi\\\nnx:1.25 (in pieces)"}},
      {"FROM a\nCOPY \\\n--from=b:1 \\\n/x /y\n", {"FROM stage 0 a", "COPY --from stage 0 b:1"}},
      {"FROM a\nRUN --mount=type=bind,\\\nfrom=b:1 x\n",
       {"FROM stage 0 a", "RUN --mount stage 0 --mount=type=bind,\\\nfrom=b:1 (in pieces)"}},
      {"FROM a \\", {"FROM stage 0 a"}},
  };
  for (const dockerfile_case& one : cases) EXPECT_EQ(read(one.text), one.found) << one.text;
}

TEST(Dockerfile, PassesHereDocuments) {
  const std::vector<dockerfile_case> cases{
      {"FROM a\nRUN <<EOF\nFROM b\nEOF\nFROM c\n", {"FROM stage 0 a", "FROM stage 1 c"}},
      {"FROM a\nCOPY <<-\"EOF\" <<'X' /to/\n\tFROM b\n\tEOF\nFROM c\nX\nFROM d\n",
       {"FROM stage 0 a", "FROM stage 1 d"}},
      {"FROM a\nRUN cat 3<<EOF > /x\nFROM b\n EOF\nEOF\nFROM c\n", {"FROM stage 0 a", "FROM stage 1 c"}},
      {"FROM a\nRUN x \"<<EOF\"\nFROM b\n", {"FROM stage 0 a", "FROM stage 1 b"}},
      {"FROM a\nRUN x <<<EOF\nFROM b\n", {"FROM stage 0 a", "FROM stage 1 b"}},
      {"FROM a\nENV X=<<EOF\nFROM b\n", {"FROM stage 0 a", "FROM stage 1 b"}},
      {"FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\nFROM c\n", {"FROM stage 0 a", "FROM stage 1 c"}},
      {"FROM a\nRUN <<EOF\r\nFROM b\r\nEOF\r\nFROM c\r\n", {"FROM stage 0 a", "FROM stage 1 c"}},
      {"FROM a\nRUN <<EOF\nFROM b\n", {"FROM stage 0 a"}},
  };
  for (const dockerfile_case& one : cases) EXPECT_EQ(read(one.text), one.found) << one.text;
}

TEST(Dockerfile, KnowsThePlacesOfItsImages) {
  const std::string text = "# ä\nFROM --platform=ä nginx:1.25\nRUN x\nFROM redis\n";
  const auto from = dockerfile_source(text);
  const auto& doc = from.documents.at(0);
  std::vector<std::string> out;
  for (yaml::node_index i = doc.at(0).first; i != yaml::no_node; i = doc.at(i).next)
    out.push_back(fmt::format("{}:{} {}", doc.at(i).line, doc.at(i).column, doc.at(i).text));
  EXPECT_THAT(out, ElementsAre("2:19 nginx:1.25", "4:6 redis"));
}

registry::digest digest_of(char c) { return registry::digest::of(std::string(1, c)); }

// All images pinned that can be, `@` for each digest.
std::string pinned(const std::string& text, pin::pin_format format = pin::pin_format::digest) {
  const auto file = image_file::read(text, "Dockerfile", {});
  if (!file) return file.error().message;
  std::vector<change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i)
    if (file->slots()[i].reason == skip_reason::none && !file->slots()[i].is_pinned())
      changes.push_back({i, digest_of('a'), std::nullopt});
  auto out = file->rewrite(changes, format);
  if (!out) return out.error().message;
  const auto again = image_file::read(*out, "Dockerfile", {});
  std::vector<change> back;
  for (const change& one : changes) back.push_back({one.slot, std::nullopt, std::nullopt});
  if (const auto before = again->rewrite(back, format); !before) ADD_FAILURE() << before.error().message;
  const std::string digest = "@" + digest_of('a').to_string();
  for (auto at = out->find(digest); at != std::string::npos; at = out->find(digest))
    out->replace(at, digest.size(), "@");
  return *out;
}

TEST(Dockerfile, IsPinnedWithTagAndDigestAndNothingElseChanges) {
  EXPECT_EQ(
      pinned("# syntax=docker/dockerfile:1\n\nARG V=1\nFROM  --platform=linux/amd64   golang:1.23\t as build # no\n"
             "RUN --mount=type=bind,from=\"x\",target=/y \\\n  go build\nFROM nginx:${V}\nFROM redis\n"
             "COPY --from=build /a /b\nCOPY --from=acme/tools:2 /a /b\n"),
      "# syntax=docker/dockerfile:1@\n\nARG V=1\nFROM  --platform=linux/amd64   golang:1.23@\t as build # no\n"
      "RUN --mount=type=bind,from=\"x:latest@\",target=/y \\\n  go build\nFROM nginx:${V}\nFROM redis:latest@\n"
      "COPY --from=build /a /b\nCOPY --from=acme/tools:2@ /a /b\n");
  EXPECT_EQ(pinned("FROM nginx:1.25\r\nRUN x\r\n"), "FROM nginx:1.25@\r\nRUN x\r\n");
  EXPECT_EQ(pinned("FROM null:1\n"), "FROM null:1@\n");
  EXPECT_EQ(pinned("FROM 'nginx:1.25'"), "FROM 'nginx:1.25@'");
}

TEST(Dockerfile, LeavesAndNamesWhatTheBuildFillsIn) {
  const auto file =
      image_file::read("ARG V=1\nFROM nginx:${V}\nFROM ngi\\\nnx\nFROM Nginx\n", "web/Dockerfile.dev", {});
  ASSERT_TRUE(file);
  ASSERT_EQ(file->slots().size(), 3U);
  EXPECT_EQ(file->slots()[0].reason, skip_reason::variable);
  EXPECT_EQ(file->slots()[0].problem, "the build fills in V, which has a default in line 1");
  EXPECT_EQ(file->slots()[1].reason, skip_reason::split);
  EXPECT_EQ(file->slots()[1].problem, "it continues on the next line");
  EXPECT_EQ(file->slots()[2].reason, skip_reason::invalid);
}

TEST(Dockerfile, IsRecognisedByItsNameAlone) {
  EXPECT_EQ(image_file::read("FROM nginx:1.25\n", "Containerfile", {})->slots().size(), 1U);
  EXPECT_THAT(image_file::read("FROM nginx:1.25\n", "notes.yaml", {})->slots(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::files
