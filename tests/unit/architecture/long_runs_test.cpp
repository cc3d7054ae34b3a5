// What the long runs conclude from what they see: tests/soak judges answers, tests/fuzz/long adds up
// executions.
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Each row: kind, status, allowed, images of the patch, whether the registry is in trouble; the verdict that it has to
// be.
constexpr const char* judged = R"(
import base64, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/soak")
from stand_ins import digest_of
from traffic import judge
image, right, wrong = ("shop/app", "v1"), digest_of("shop/app", "v1"), digest_of("shop/app", "v2")
def answer(allowed, patch, message=""):
    response = {"allowed": allowed, "status": {"message": message}}
    if patch: response["patch"] = base64.b64encode(("r/shop/app@" + patch).encode()).decode()
    return json.dumps({"response": response}).encode()
rows = [
    ("warm", 200, answer(True, right), False, ""), ("warm", 200, answer(True, wrong), False, "wrong digest"),
    ("warm", 200, answer(True, wrong), True, "wrong digest"), ("warm", 200, answer(True, ""), False, "not pinned"),
    ("warm", 200, answer(False, "", "no"), False, "denied: no"), ("warm", 503, b"", False, "status 503"),
    ("fresh", 200, answer(False, "", "no"), True, "refused"), ("fresh", 200, answer(False, "", "no"), False, "denied: no"),
    ("foreign", 200, answer(False, "", "no secret"), False, ""), ("foreign", 200, answer(True, right), False, "another tenant's digest"),
    ("foreign", 200, answer(False, "", "it is " + right), True, "another tenant's digest"),
    ("broken", 400, b"", False, ""), ("broken", 200, answer(True, ""), False, "status 200 for what is no JSON"),
]
for kind, status, body, excused, verdict in rows:
    got = judge(kind, [image], status, body, excused)
    if got != verdict: print(f"{kind} {status} {body}: {got!r} in place of {verdict!r}")
for kind in ("unchanged", "scale"):
    if judge(kind, [], 200, answer(True, ""), False): print(kind)
)";

TEST(Soak, JudgesAnswers) {
  const script_stage stage;
  stage.write("judged.py", judged);
  ASSERT_EQ(stage.run(fmt::format("cd '{}' && /usr/bin/python3 $WORK/judged.py", source_dir())), 0)
      << stage.read("errors");
  EXPECT_EQ(stage.read("out"), "");
}

// By way of a real API server: kind, status, images in the object, or a message; the verdict.
constexpr const char* judged_of_api = R"(
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/soak")
from stand_ins import digest_of
from api_traffic import judge_api
image, right, wrong = ("shop/app", "v1"), digest_of("shop/app", "v1"), digest_of("shop/app", "v2")
def pod(*images): return json.dumps({"kind": "Pod", "spec": {"containers": [{"image": i} for i in images]}}).encode()
def deployment(image): return json.dumps({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"image": image}]}}}}).encode()
def refusal(message): return json.dumps({"kind": "Status", "message": message}).encode()
denied = 'admission webhook "enforce.pinhook.dev" denied the request: '
away = 'failed calling webhook "enforce.pinhook.dev": EOF'
rows = [
    ("warm", 201, pod("r/shop/app@" + right), False, ""), ("warm", 201, pod("r/shop/app@" + wrong), True, "wrong digest"),
    ("warm", 201, pod("r/shop/app@" + right, "r/b:1"), False, "wrong digest"), ("warm", 201, pod("r/shop/app:v1"), False, "not pinned"),
    ("unchanged", 200, deployment("r/shop/app@" + right), False, ""), ("scale", 200, deployment("r/shop/app:v1"), False, "not pinned"),
    ("ephemeral", 200, pod("r/a@" + wrong, "r/shop/app@" + right), False, ""), ("ephemeral", 200, pod("r/a@" + wrong), False, "wrong digest"),
    ("fresh", 503, refusal(denied + "no"), True, "refused"), ("fresh", 503, refusal(denied + "no"), False, "denied: " + denied + "no"),
    ("foreign", 403, refusal(denied + "no"), False, ""), ("foreign", 403, refusal(denied + right), True, "another tenant's digest"),
    ("foreign", 201, pod("r/shop/app@" + right), True, "another tenant's digest"), ("broken", 201, pod("r/shop/app:v1::"), False, "admitted"),
    ("broken", 403, refusal(denied + "no"), False, ""), ("warm", 500, refusal(away), True, "again"), ("scale", 409, refusal("conflict"), False, "again"),
    ("warm", 401, refusal("no"), True, "status 401: no"),
]
for kind, status, body, excused, verdict in rows:
    got = judge_api(kind, [image], status, body, excused)
    if got != verdict: print(f"{kind} {status} {body}: {got!r} in place of {verdict!r}")
)";

TEST(Soak, JudgesAnswersOfAnApiServer) {
  const script_stage stage;
  stage.write("judged.py", judged_of_api);
  ASSERT_EQ(stage.run(fmt::format("cd '{}' && /usr/bin/python3 $WORK/judged.py", source_dir())), 0)
      << stage.read("errors");
  EXPECT_EQ(stage.read("out"), "");
}

class FuzzLong : public ::testing::Test {
 protected:
  FuzzLong() {
    for (const char* name : {"a", "b"}) {
      stage_.write(fmt::format("{}_fuzz.cpp", name), "");
      add_target(name, "fuzz", 10, 0);
      add_target(name, "fuzz-fast", 100, 0);
    }
  }
  // A program that prints what libFuzzer does; when it merges, one input stays.
  void add_target(const std::string& name, const std::string& build, int executions, int status) const {
    stage_.put_program(
        fmt::format("../build/{}/tests/fuzz/{}_fuzz", build, name),
        fmt::format("case \"$*\" in *-merge=1*) for folder; do [ ! -d $folder ] || {{ touch $folder/one; exit 0; "
                    "}}; done ;; esac\necho '#9 DONE cov: 7 ft: 11 corp: 3/9b'\n"
                    "echo 'stat::number_of_executed_units: {}'; exit {}",
                    executions, status));
  }
  // Without an hour there is one round.
  int run(const std::string& more = "") const {
    return stage_.run(
        fmt::format("cd '{}' && /usr/bin/python3 tests/fuzz/long --hours 0 --build $WORK/build "
                    "--tests $WORK {}",
                    source_dir(), more));
  }
  script_stage stage_;
};

TEST_F(FuzzLong, AddsUpExecutionsOfEachBuild) {
  ASSERT_EQ(run(), 0) << stage_.read("errors");
  ASSERT_EQ(run("--only a"), 0) << stage_.read("errors");
  ASSERT_EQ(run("--only a --builds fast"), 0) << stage_.read("errors");
  const std::string ledger = stage_.read("ledger.json");
  EXPECT_THAT(ledger,
              HasSubstr(R"("edges": {"fast": 7, "sanitized": 7}, "executions": {"fast": 300, "sanitized": 20}, )"
                        R"("features": {"fast": 11, "sanitized": 11}, "inputs": 1)"));
  EXPECT_THAT(ledger,
              HasSubstr(R"({"goal": 1000000000, "executions": {"sanitized": 30, "fast": 400}, "left": 999999570,)"));
  EXPECT_THAT(ledger, HasSubstr(R"("executions": {"fast": 100, "sanitized": 10})"));
  EXPECT_THAT(stage_.read("out"), HasSubstr("30 executions with sanitizers and 400 without, of 1000000000"));
}

TEST_F(FuzzLong, AFindingAddsNothingAndTheOthersGoOn) {
  add_target("a", "fuzz", 10, 77);
  EXPECT_EQ(run("--only a"), 1);
  EXPECT_THAT(stage_.read("out"), HasSubstr("a (sanitized): found something"));
  EXPECT_FALSE(stage_.exists("ledger.json"));
  EXPECT_EQ(run("--jobs 1"), 1);
  EXPECT_THAT(stage_.read("ledger.json"), HasSubstr(R"("executions": {"sanitized": 10, "fast": 100})"));
  EXPECT_EQ(run("--only c"), 1);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("no such target: c; there are: a, b"));
}

// Its executions count.
TEST_F(FuzzLong, ARunThatIsInterruptedIsNoFinding) {
  add_target("a", "fuzz", 10, 72);
  EXPECT_EQ(run("--only a"), 0) << stage_.read("out");
  EXPECT_THAT(stage_.read("ledger.json"), HasSubstr(R"("executions": {"fast": 100, "sanitized": 10})"));
}

// In its first moments libFuzzer does not catch the signal.
TEST_F(FuzzLong, NorIsOneThatTheSignalEnds) {
  stage_.put_program("../build/fuzz/tests/fuzz/a_fuzz",
                     "exec /usr/bin/python3 -c 'import os, signal; signal.signal(2, signal.SIG_DFL); "
                     "os.kill(os.getppid(), 15); signal.pause()'");
  EXPECT_EQ(run("--only a"), 0) << stage_.read("out");
  EXPECT_THAT(stage_.read("out"), Not(HasSubstr("found something")));
}

TEST_F(FuzzLong, GivesMoreTimeWhereARunFoundSomethingNew) {
  stage_.write("shares.py", R"(
import importlib.machinery, types
long = types.ModuleType("long")
importlib.machinery.SourceFileLoader("long", "tests/fuzz/long").exec_module(long)
for share, before, after, expected in [(1, 0, 10, 2), (2, 10, 20, 2), (2, 1000, 1001, 1), (1, 20, 20, 0.5), (0.25, 20, 20, 0.25), (0.25, 20, 30, 0.5)]:
    if (got := long.next_share(share, before, after)) != expected: print(share, before, after, got)
)");
  ASSERT_EQ(
      stage_.run(fmt::format("cd '{}' && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $WORK/shares.py", source_dir())), 0)
      << stage_.read("errors");
  EXPECT_EQ(stage_.read("out"), "");
}

TEST_F(FuzzLong, WhatIsNotBuiltIsSaid) {
  stage_.write("c_fuzz.cpp", "");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("fuzz/tests/fuzz/c_fuzz"));
}

// Which is a row for each target, tried or not.
TEST(FuzzLedger, HasEachTarget) {
  const script_stage stage;
  stage.write("compare.py", R"(
import json, pathlib
names = {p.name.removesuffix("_fuzz.cpp") for p in pathlib.Path("tests/fuzz").glob("*_fuzz.cpp")}
for name in sorted(names ^ set(json.loads(pathlib.Path("tests/fuzz/ledger.json").read_text())["targets"])): print(name)
for name in sorted(names):
    if not any(pathlib.Path("tests/fuzz/corpus", name).glob("*")): print(f"{name}: no seeds")
)");
  ASSERT_EQ(stage.run(fmt::format("cd '{}' && /usr/bin/python3 $WORK/compare.py", source_dir())), 0)
      << stage.read("errors");
  EXPECT_EQ(stage.read("out"), "");
}

}  // namespace
}  // namespace pinhook::testing
