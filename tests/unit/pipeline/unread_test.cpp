// What runs say of files and values that they do not read.
#include <pinhook/pipeline/unread.hpp>

#include "unit/pipeline/pin_run_fixture.hpp"

#include <pinhook/files/foreign_files.hpp>
#include <pinhook/pipeline/check_run.hpp>
#include <pinhook/pipeline/lock_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string unknown = "task: {image: \"nginx:1.25\"}\n";
const std::string job = "job \"web\" {\n  image = \"nginx:1.25\"\n}\n";

class Unread : public PinRun {
 protected:
  testing::shown_outcome check() {
    check_run r(check_options, {}, "");
    for (auto& one : inputs) r.take(std::move(one));
    inputs.clear();
    return testing::shown(r.finish({}));
  }

  check_run_options check_options;
};

TEST_F(Unread, ANamedFileOfUnknownFormIsANote) {
  add("x.yaml", unknown);
  const auto done = check();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out,
            "x.yaml:1:1  unread    name the places of its images in files.paths, or the file in files.exclude\n");
  EXPECT_EQ(done.messages,
            "no image found in standard input\n"
            "no findings in 1 file, 1 note; 0 images; 1 value looks like an image and is not read\n");
}

TEST_F(Unread, AFoundFileOfUnknownFormIsCounted) {
  add("x.yaml", unknown, false);
  auto done = check();
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.messages,
            "no image found in standard input\n"
            "no findings in 1 file; 0 images; 1 value looks like an image and is not read\n");
  check_options.report.is_verbose = true;
  add("x.yaml", unknown, false);
  done = check();
  EXPECT_EQ(done.out, "x.yaml:1:15  unread  nginx:1.25  name the place in pin.kinds or files.paths\n");
}

// A gate: whatever may be an image was read, or the check fails and shows it.
TEST_F(Unread, StrictFailsForValuesThatAreNotRead) {
  for (const bool is_strict : {false, true}) {
    check_options.is_strict = is_strict;
    add("x.yaml", unknown, false);
    add("pod.yaml",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'nginx@" + std::string("sha256:") +
            std::string(64, 'a') + "'}]}\n",
        false);
    const auto done = check();
    EXPECT_EQ(done.status, is_strict ? run_status::failed : run_status::good);
    EXPECT_EQ(done.out,
              is_strict ? "x.yaml:1:15  unread  nginx:1.25  name the place in pin.kinds or files.paths\n" : "");
  }
}

TEST_F(Unread, JsonHasBoth) {
  check_options.output = report_format::json;
  add("x.yaml", unknown);
  const auto done = check();
  EXPECT_THAT(done.out,
              HasSubstr(R"("rule": "unread", "severity": "note", "path": "x.yaml", "document": 0, "line": 1, )"
                        R"("column": 1, "end_column": 1, "pointer": "", "object": "", "name": "", "image": "", )"
                        R"("message": "its form is not known, so no image in it is found")"));
  EXPECT_THAT(done.out, HasSubstr(R"("line": 1, "column": 15, "end_column": 25, "pointer": "/task/image", )"
                                  R"("object": "", "name": "", "image": "nginx:1.25", )"));
}

TEST_F(Unread, HclIsNamedWhereItMayHoldImages) {
  for (const bool is_named : {true, false}) {
    add("web.nomad", job, is_named);
    EXPECT_THAT(check().out, HasSubstr("web.nomad:1:1  unread    check its images by hand"));
  }
  add("docker-bake.hcl", "group \"all\" {}\n", false);
  EXPECT_EQ(check().out, "");
}

TEST_F(Unread, JUnitHasACaseForTheFile) {
  check_options.output = report_format::junit;
  add("x.yaml", unknown);
  EXPECT_THAT(check().out, HasSubstr("its form is not known"));
}

TEST_F(Unread, PinAndLockNameTheFile) {
  add("x.yaml", unknown);
  add("web.nomad", job, false);
  add("found.yaml", unknown, false);
  options.target = run_target::in_place;
  const auto copy = inputs;
  EXPECT_EQ(run().messages,
            "x.yaml: left unread: its form is not known\nweb.nomad: left unread: HCL is not read\nnothing to pin\n");
  lock_run r({.path = "-", .existing = {}, .format = {}}, copy, places);
  EXPECT_THAT(testing::shown(r.finish({})).messages, HasSubstr("x.yaml: left unread: its form is not known\n"));
}

TEST_F(Unread, AFileOfAnotherLanguageIsNamed) {
  const auto add_foreign = [&] {
    inputs.push_back({"main.tf", fail(error_code::unsupported, std::string(files::foreign_reason)), false, false, {}});
  };
  add_foreign();
  auto done = check();
  EXPECT_THAT(done.out, HasSubstr("main.tf:1:1  unread"));
  EXPECT_THAT(done.out, HasSubstr("check its images by hand\n"));
  EXPECT_THAT(done.messages, HasSubstr("no findings in 1 file, 1 note; 0 images\n"));
  EXPECT_EQ(done.status, run_status::good);
  add_foreign();
  check_options.is_strict = true;
  EXPECT_EQ(check().status, run_status::failed);
  add_foreign();
  options.target = run_target::in_place;
  EXPECT_THAT(run().messages, HasSubstr("main.tf: skipped: its language is not read\n"));
}

TEST_F(Unread, ATextThatAnArgumentOfADockerfileFillsInIsNamed) {
  const std::string text = "ARG V=1.25\nFROM nginx:${V}\n";
  add("Dockerfile", text);
  auto done = check();
  EXPECT_EQ(done.out, "Dockerfile:2:6  unread  nginx:${V}  write the image itself\n");
  EXPECT_EQ(done.messages, "no findings in 1 file, 1 note; 1 image, of which left alone: 1 variable\n");
  add("Dockerfile", text);
  options.target = run_target::in_place;
  EXPECT_EQ(
      run().messages,
      "Dockerfile:2:6: FROM: \"nginx:${V}\" is left as it is: the build fills in V, which has a default in line 1\n"
      "nothing to pin; 1 left as it is\n");
}

TEST_F(Unread, DockerfilesArePinnedInPlaceAndNotPrintedBetweenManifests) {
  add("Dockerfile", "FROM nginx:1.25\n", false);
  add("web.yaml", pod("redis:7"), false);
  options.target = run_target::in_place;
  const auto copy = inputs;
  auto done = run();
  ASSERT_EQ(done.writes.size(), 2U);
  EXPECT_EQ(done.writes[0].text, "FROM nginx:1.25@" + a + "\n");
  inputs = copy;
  options.target = run_target::standard_output;
  EXPECT_THAT(run().out, Not(HasSubstr("FROM")));
  inputs = copy;
  for (auto& one : inputs) one.is_named = true;
  EXPECT_THAT(run().messages, HasSubstr("Dockerfile is no YAML, and cannot be printed together with other files"));
  add("Dockerfile", "FROM nginx:1.25\n", false);
  EXPECT_EQ(run().out, "FROM nginx:1.25@" + a + "\n");
}

TEST_F(Unread, ACommentLeavesAnImage) {
  add("web.yaml", pod("nginx:1.25", " # pinhook: skip"));
  EXPECT_EQ(check().messages, "no findings in 1 file; 1 image, of which left alone: 1 skip-comment\n");
  add("web.yaml", pod("nginx:1.25", " # pinhook: skip"));
  options.target = run_target::in_place;
  const auto done = run();
  EXPECT_TRUE(done.writes.empty());
  EXPECT_EQ(done.messages, "nothing to pin; 1 left as it is\n");
}

}  // namespace
}  // namespace pinhook::pipeline
