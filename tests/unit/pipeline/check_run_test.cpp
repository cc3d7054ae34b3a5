#include <pinhook/pipeline/check_run.hpp>

#include "unit/pipeline/run_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::shown;
using pinhook::testing::shown_outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckRun : public FilesRun {
 protected:
  shown_outcome run() {
    check_run r(options, {}, "");
    for (auto& one : inputs) r.take(std::move(one));
    inputs.clear();
    return shown(r.finish(digests.answers(r.wanted())));
  }

  check_run_options options;
};

TEST_F(CheckRun, ReportsFindingsWithoutAskingARegistry) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("nginx@" + a));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.out, HasSubstr("a.yaml:6"));
  EXPECT_EQ(done.messages, "1 finding in 1 of 2 files; 2 images\n");
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_EQ(digests.calls(), 0U);
}

TEST_F(CheckRun, ComparesPinsWithTheirTags) {
  options.has_drift = true;
  add("same.yaml", pod("nginx@" + a, " # nginx:1.25"));
  EXPECT_EQ(run().status, run_status::good);
  add("moved.yaml", pod("nginx@" + b, " # nginx:1.25"));
  add("again.yaml", pod("nginx:1.25@" + b));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.out, HasSubstr("drift"));
  EXPECT_THAT(digests.asked(), ElementsAre("docker.io/library/nginx:1.25"));
  EXPECT_EQ(digests.calls(), 2U) << "once a run";
}

// So that threads can begin many at once: what a file takes in memory is given back there.
TEST_F(CheckRun, BeginsAFileWithoutTheOthersWhereNothingIsLookedUp) {
  add("a.yaml", pod("nginx:1.25"));
  const check_run alone(options, {}, "");
  const auto begun = alone.begin(std::move(inputs.front()));
  ASSERT_TRUE(begun.checked);
  EXPECT_EQ(begun.checked->findings.size(), 1U);
  EXPECT_FALSE(begun.in.content);
  inputs.clear();
  options.has_drift = true;
  add("a.yaml", pod("nginx@" + a, " # nginx:1.25"));
  const check_run asking(options, {}, "");
  const auto waits = asking.begin(std::move(inputs.front()));
  EXPECT_FALSE(waits.checked);
  EXPECT_TRUE(waits.in.content);
}

// Files are reported in the order in which they were taken, whether or not they had to wait for a look-up.
TEST_F(CheckRun, KeepsTheOrderOfTheFiles) {
  options.lock_file = "images.lock";
  options.output = report_format::github;
  add("1.yaml", pod("nginx:1.25"));
  add("2.yaml", pod("nginx"));
  add("3.yaml", pod("nginx:1.25"));
  const auto done = run();
  const auto first = done.out.find("1.yaml"), second = done.out.find("2.yaml"), third = done.out.find("3.yaml");
  ASSERT_NE(third, std::string::npos) << done.out;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

// Of several outcomes the most severe is the status: an invalid input, a failed look-up, a finding.
TEST_F(CheckRun, TheMostSevereOutcomeCounts) {
  options.has_drift = true;
  add("finding.yaml", pod("nginx:1.25"));
  EXPECT_EQ(run().status, run_status::failed);
  add("finding.yaml", pod("nginx:1.25"));
  add("unknown.yaml", pod("redis:9"));
  auto done = run();
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_EQ(done.errors, "redis:9 is not in the table of the test\n") << "not the summary";
  add("unknown.yaml", pod("redis:9"));
  add("broken.yaml", "kind: [");
  done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_THAT(done.messages, HasSubstr("broken.yaml: "));
}

TEST_F(CheckRun, TemplatesThatAreFoundAreCounted) {
  add("chart/templates/a.yaml", "image: {{ .Values.image }}\nkind: {{ if }}", false);
  add("chart/templates/b.yaml", "image: {{ .Values.image }}\nkind: {{ if }}", false);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_THAT(done.messages, HasSubstr("skipped 2 Helm templates that are not rendered (chart/templates/a.yaml, …)"));
}

// A typo in a path, or a kind of file that is not read, is no clean check.
TEST_F(CheckRun, SaysWhichArgumentHoldsNoImage) {
  options.arguments = {"deploy", "empty", "other.yaml", "broken.yaml", "empty"};
  const auto with = [&](bool is_strict) {
    options.is_strict = is_strict;
    inputs.push_back(
        {"deploy/a.yaml", files::image_file::read(pod("nginx@" + a), "a.yaml", places), false, false, {0}});
    inputs.push_back({"deploy/none.yaml", files::image_file::read("a: 1", "none.yaml", places), false, false, {0, 1}});
    inputs.push_back({"other.yaml", files::image_file::read("b: 1", "other.yaml", places), false, false, {2}});
    inputs.push_back(
        {"deploy/b.yaml", files::image_file::read(pod("nginx@" + b), "b.yaml", places), false, false, {3}});
    return run();
  };
  const std::string lines = "no image found in empty, other.yaml\nno findings in 4 files; 2 images\n";
  auto done = with(false);
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.messages, lines);
  EXPECT_EQ(done.errors, "");
  done = with(true);
  EXPECT_EQ(done.status, run_status::failed);
  const std::string reason = "no image found in empty, other.yaml; --strict fails without one\n";
  EXPECT_EQ(done.messages, reason + "no findings in 4 files; 2 images\n");
  EXPECT_EQ(done.errors, reason);
  options.arguments.clear();
  done = run();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_EQ(done.messages,
            "no image found in standard input; --strict fails without one\nno findings in 0 files; 0 images\n");
}

// A report without findings does not hide it, in no format, and one that fails the job says why.
TEST_F(CheckRun, EveryFormatTellsOfAnArgumentWithoutAnImage) {
  const struct {
    report_format format;
    std::vector<std::string> plain;
    std::vector<std::string> strict;
  } cases[] = {
      {report_format::table, {}, {}},
      {report_format::json,
       {R"("rule": "no-image", "severity": "note", "path": "a & b")", R"("path": "gone")", R"("fix": "check the path)"},
       {R"("rule": "no-image", "severity": "error", "path": "a & b")", R"("severity": "error", "path": "gone")"}},
      {report_format::sarif,
       {R"("executionSuccessful": true)", R"("level": "warning")", R"("text": "no image found in a & b, gone")"},
       {R"("executionSuccessful": false)", R"("level": "error")",
        R"("text": "no image found in a & b, gone; --strict fails without one")"}},
      {report_format::junit,
       {R"(<testsuites name="pinhook check" tests="2" failures="0" errors="0" skipped="2">)",
        R"(<testsuite name="a &#38; b" tests="1" failures="0" errors="0" skipped="1">)",
        R"(<testcase classname="gone" file="gone" name="holds an image">)", R"(<skipped message="no image found"/>)"},
       {R"(<testsuites name="pinhook check" tests="2" failures="2" errors="0" skipped="0">)",
        R"(<testsuite name="gone" tests="1" failures="1" errors="0" skipped="0">)",
        R"(<failure type="no-image" message="no image found">To do: check the path)"}},
      {report_format::github,
       {"::warning title=pinhook%3A no image::no image found in a & b, gone. To do: check the path"},
       {"::error title=pinhook%3A no image::no image found in a & b, gone; --strict fails without one. To do: "}},
  };
  for (const auto& one : cases) {
    options.output = one.format;
    for (const bool is_strict : {false, true}) {
      options.is_strict = is_strict;
      options.arguments = {"gone", "a & b", "gone"};
      const auto done = run();
      for (const auto& text : is_strict ? one.strict : one.plain) EXPECT_THAT(done.out, HasSubstr(text));
      EXPECT_THAT(done.messages, HasSubstr("no image found in a & b, gone")) << "in the job's log, too";
      EXPECT_EQ(done.status, is_strict ? run_status::failed : run_status::good);
      options.arguments = {"full.yaml"};
      add("full.yaml", pod("nginx@" + a));
      const auto full = run();
      EXPECT_THAT(full.out + full.messages, ::testing::Not(HasSubstr("no image"))) << static_cast<int>(one.format);
      EXPECT_EQ(full.status, run_status::good);
    }
  }
}

TEST_F(CheckRun, NamesSomeOfManyArgumentsWithoutAnImage) {
  options.arguments = {"1.yaml", "2.yaml", "3.yaml", "4.yaml", "5.yaml"};
  EXPECT_THAT(run().messages, HasSubstr("no image found in 1.yaml, 2.yaml, 3.yaml and 2 more\n"));
}

TEST_F(CheckRun, AFileThatCannotBeReadIsNotReportedAsEmpty) {
  options.arguments = {"broken.yaml"};
  add("broken.yaml", "kind: [");
  EXPECT_THAT(run().messages, ::testing::Not(HasSubstr("no image found")));
  options.arguments = {"chart/templates"};
  add("chart/templates/a.yaml", "image: {{ .Values.image }}\nkind: {{ if }}", false);
  EXPECT_THAT(run().messages, HasSubstr("no image found in chart/templates\n"));
}

TEST_F(CheckRun, NotesFailAStrictRun) {
  options.has_drift = true;
  add("a.yaml", pod("nginx@" + a));
  EXPECT_EQ(run().status, run_status::good);
  options.is_strict = true;
  add("a.yaml", pod("nginx@" + a));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.messages, HasSubstr("1 note"));
}

TEST_F(CheckRun, StopsWithoutASourceOfDigests) {
  options.has_drift = true;
  check_run r(options, {}, "");
  r.take(input{"broken.yaml", fail(error_code::malformed, "line 1, column 1: no YAML"), true});
  const auto done = shown(r.stop({error_code::invalid_input, "no registry can be asked", {}}));
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(done.messages, "broken.yaml: line 1, column 1: no YAML\nno registry can be asked\n");
  EXPECT_EQ(done.out, "");
}

}  // namespace
}  // namespace pinhook::pipeline
