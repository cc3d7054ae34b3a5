// Where the text of an image must stay when it means the same: Jobs and Pods, against every setting that would change
// it.
#include <pinhook/pin/standing_image.hpp>

#include "support/planned_example.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pin {
namespace {

using testing::annotation;
using testing::decision_for;
using testing::digest_text;
using testing::example;
using testing::has_warning;
using testing::plan_of;
using testing::record;
using action = decision::kind;

constexpr const char* canonical = "docker.io/library/nginx:1.25";

TEST(StandingImage, ATagMeansItselfInAnySpelling) {
  struct row {
    std::string old, tag;
    bool is_recorded, means;
  };
  const std::string a = "@" + digest_text('a');
  const row rows[] = {
      {"nginx", "nginx:latest", false, true},
      {"nginx:1.25", "docker.io/library/nginx:1.25", false, true},
      {"nginx:1.25", "nginx:1.26", false, false},
      {"nginx:1.25", "ghcr.io/nginx:1.25", false, false},
      {"nginx" + a, "nginx:1.25", true, true},
      {"nginx" + a, "nginx:1.26", true, false},
      {"nginx" + a, "nginx:1.25", false, false},
      {"nginx@" + digest_text('b'), "nginx:1.25", true, false},
      {"nginx:1.25" + a, "nginx:1.25", false, true},
      {"nginx:1.26" + a, "nginx:1.25", true, false},
      // Written by another webhook since.
      {"mirror.example/nginx" + a, "nginx:1.25", true, true},
      {"mirror.example/nginx:9" + a, "nginx:1.25", true, true},
      {"mirror.example/nginx" + a, "nginx:1.25", false, false},
  };
  for (const row& r : rows) {
    const auto known = r.is_recorded
                           ? recorded_pins::parse(fmt::format(R"({{"{}":"{}"}})", canonical, digest_text('a'))).value()
                           : recorded_pins();
    EXPECT_EQ(means_tag(registry::reference::parse(r.old).value(), registry::reference::parse(r.tag).value(), known),
              r.means)
        << r.old << " for " << r.tag;
  }
}

struct circumstances {
  policy configured;
  std::string updates;
  std::optional<pin_order> order;
};

std::vector<circumstances> all_circumstances() {
  std::vector<circumstances> out;
  for (const auto format : {pin_format::digest, pin_format::tag_and_digest})
    for (const auto updates : {update_rule::keep, update_rule::refresh})
      for (const std::string by_object : {"", "keep", "refresh"})
        for (const std::optional<pin_order> order : std::vector<std::optional<pin_order>>{
                 {}, pin_order::always, pin_order::never, pin_order::keep, pin_order::refresh}) {
          policy p;
          p.format = format;
          p.updates = updates;
          out.push_back({p, by_object, order});
        }
  return out;
}

example under(const circumstances& c, std::string group, std::string kind) {
  example e{.group = std::move(group), .kind = std::move(kind), .is_update = true, .policy = c.configured};
  const std::string pins = annotation("pins", record(canonical, 'a'));
  const std::string updates = c.updates.empty() ? "" : "," + annotation("updates", c.updates);
  e.metadata = e.old_metadata = R"("annotations":{)" + pins + updates + "}";
  if (c.order) e.orders = {{.pin = c.order}};
  // The template changes, so rule 3.4 would pin.
  e.more = R"(,"nodeSelector":{"pool":"a"})";
  return e;
}

// With any settings, rules and annotations, the object comes out with oldObject's text.
TEST(StandingImage, StaysWhateverElseIsSaid) {
  const std::string a = "@" + digest_text('a');
  for (const auto& c : all_circumstances())
    for (const auto& [group, kind] : {std::pair{"batch", "Job"}, {"", "Pod"}})
      for (const auto m : {mode::enforce, mode::best_effort, mode::audit})
        for (const std::string& old : {"nginx" + a, "nginx:1.25" + a, "docker.io/library/nginx" + a}) {
          example e = under(c, group, kind);
          e.mode = m;
          e.old_image = old;
          const auto p = plan_of(e);
          EXPECT_EQ(decision_for(p).action, action::keep) << kind << ' ' << old;
          EXPECT_EQ(decision_for(p).standing, old);
          EXPECT_EQ(decision_for(p).kept->to_string(), digest_text('a'));
          EXPECT_TRUE(decision_for(p).is_unchanged);
          EXPECT_FALSE(decision_for(p).relaxes_pull_policy);
        }
}

TEST(StandingImage, OfAJobATagStaysATag) {
  for (const auto& c : all_circumstances()) {
    example e = under(c, "batch", "Job");
    auto p = plan_of(e);
    EXPECT_EQ(decision_for(p).action, action::leave);
    EXPECT_TRUE(decision_for(p).is_unchanged);
    e.image = canonical;
    p = plan_of(e);
    EXPECT_EQ(decision_for(p).action, action::restore);
    EXPECT_EQ(decision_for(p).standing, "nginx:1.25");
    EXPECT_TRUE(decision_for(p).is_unchanged);
    EXPECT_TRUE(has_warning(p, "1 image keeps its tag: the pod template of a Job is immutable"));
  }
}

// Of any other kind the same update pins, or moves.
TEST(StandingImage, HoldsNobodyElse) {
  for (const auto& c : all_circumstances()) {
    example e = under(c, "apps", "Deployment");
    e.old_image = "nginx@" + digest_text('a');
    EXPECT_TRUE(decision_for(plan_of(e)).standing.empty());
    EXPECT_FALSE(decision_for(plan_of(e)).is_unchanged);
  }
}

TEST(StandingImage, AnotherTagIsPinnedAsAnywhere) {
  for (const auto& [group, kind] : {std::pair{"batch", "Job"}, {"", "Pod"}}) {
    example e = under({}, group, kind);
    e.old_image = "nginx@" + digest_text('a');
    e.image = "nginx:1.26";
    const auto p = plan_of(e);
    EXPECT_EQ(decision_for(p).action, action::resolve) << kind;
    EXPECT_FALSE(decision_for(p).is_unchanged);
    // Where it means the same bytes, the old text is taken.
    EXPECT_EQ(decision_for(p).standing, e.old_image);
  }
}

TEST(StandingImage, ARefreshOfAJobIsToldToMoveNothing) {
  example e = under({.configured = {}, .updates = "refresh", .order = {}}, "batch", "Job");
  e.old_image = "nginx@" + digest_text('a');
  EXPECT_TRUE(has_warning(plan_of(e), "updates: refresh moves nothing: the pod template of a Job is immutable"));
  EXPECT_FALSE(decision_for(plan_of(e)).is_movable);
  e.group.clear();
  e.kind = "Pod";
  EXPECT_TRUE(has_warning(plan_of(e), "updates: refresh moves nothing: it would restart containers"));
  EXPECT_TRUE(decision_for(plan_of(e)).is_movable);
}

}  // namespace
}  // namespace pinhook::pin
