// The usual operations on manifests with tags: no image moves, although the tags did.
#include "e2e/clients.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Clients, ApplyAgainChangesNothing) {
  const auto manifest = deployment(web_);
  run_ok({"apply"}, manifest);
  expect_untouched();
  move_tag();
  run_ok({"apply"}, manifest);
  expect_untouched();
  const auto difference = run({"diff"}, manifest);
  EXPECT_EQ(difference.exit_code, 0) << difference;
}

TEST_F(Clients, ServerSideApplyAgainChangesNothingAndConflictsWithNobody) {
  const auto manifest = deployment(web_);
  run_ok({"apply", "--server-side"}, manifest);
  expect_untouched();
  move_tag();
  const auto again = run({"apply", "--server-side"}, manifest);
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.errors, Not(HasSubstr("conflict")));
  expect_untouched();
  const auto difference = run({"diff", "--server-side"}, manifest);
  EXPECT_EQ(difference.exit_code, 0) << difference;
  // The fields of another manager stay its own.
  run_ok({"scale", "deployment/web", "--replicas", "2"});
  EXPECT_EQ(read(ns_, "deployment/web", in_template), pinned_);
}

TEST_F(Clients, ADryRunAnswersAsARealRunAndStoresNothing) {
  const auto manifest = deployment(web_);
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"apply"}, {"create"}, {"apply", "--server-side"}}) {
    auto arguments = verb;
    arguments.insert(arguments.end(), {"--dry-run=server", "-o", "json"});
    const auto r = run(arguments, manifest);
    ASSERT_EQ(r.exit_code, 0) << r;
    const auto answer = json::parse(r.output);
    ASSERT_TRUE(answer) << r;
    EXPECT_EQ(text_at(*answer, in_template), pinned_);
    EXPECT_THAT(text_at(*answer, recorded), HasSubstr(digest_));
    EXPECT_EQ(read(ns_, "deployment/web", "/metadata/name"), "");
  }
  run_ok({"create"}, manifest);
  expect_untouched();
}

TEST_F(Clients, ReplaceKeepsThePins) {
  const auto manifest = deployment(web_);
  run_ok({"create"}, manifest);
  move_tag();
  run_ok({"replace"}, manifest);
  expect_no_rollout();
  EXPECT_THAT(read(ns_, "deployment/web", recorded), HasSubstr(digest_));
}

TEST_F(Clients, AJobIsAppliedAgainThoughItsTemplateIsImmutable) {
  const auto job =
      named("batch/v1", "Job", R"("spec":{"template":)" + pod_template(web_, R"(,"restartPolicy":"Never")") + "}");
  run_ok({"apply"}, job);
  move_tag();
  const auto again = run({"apply"}, job);
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.errors, Not(HasSubstr("immutable")));
  expect_untouched("job/web");
  run_ok({"apply", "--server-side", "--force-conflicts"}, job);
  expect_untouched("job/web");
}

TEST_F(Clients, AnotherTagIsAnotherImage) {
  run_ok({"apply"}, deployment(web_));
  const auto next = push(repository_, "2", "two");
  run_ok({"apply"}, deployment(image(repository_ + ":2")));
  EXPECT_EQ(read(ns_, "deployment/web", in_template), image(repository_ + "@" + next));
  EXPECT_EQ(read(ns_, "deployment/web", "/metadata/generation"), "2");
}

}  // namespace
}  // namespace pinhook::e2e
