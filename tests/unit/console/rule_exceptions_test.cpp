#include <pinhook/console/rule_exceptions.hpp>

#include "shown_cluster.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/console/answers.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

rules::rule named(const std::string& name) {
  rules::rule out;
  out.name = name;
  return out;
}

rules::demand demand_of(rules::requirement one) {
  rules::demand out;
  out.requirement = one;
  return out;
}

// sandbox: an exception from pinhook's own rules and from `versions`; sidecars: one from pinning.
pipeline::file_checks checks() {
  rules::rule sandbox = named("sandbox");
  sandbox.about.namespaces = {"lab", "secret-*"};
  sandbox.demands = {demand_of(rules::requirement::tag), demand_of(rules::requirement::not_latest)};
  rules::rule sidecars = named("sidecars");
  sidecars.about.images = {*rules::reference_pattern::parse("**/nginx")};
  sidecars.pin = pin::pin_order::never;
  rules::rule hidden = named("hidden");
  hidden.about.namespaces = {"secret-*"};
  hidden.demands = {demand_of(rules::requirement::digest)};
  rules::rule versions = named("versions");
  versions.demands = {demand_of(rules::requirement::not_latest)};
  versions.action = rules::action::deny;
  return pipeline::checks_with(*rules::rule_set::make({sandbox, sidecars, hidden, versions}));
}

fleet_view view_with(const pipeline::file_checks& of) {
  auto options = engine_options_of(false);
  options.checks = of;
  row_engine engine(std::move(options), nullptr);
  fleet_view out;
  take(out, engine.run(small_cluster()));
  out.rules = fleet::rules_of_report(engine.options().checks);
  out.exceptions = engine.exceptions().all();
  return out;
}

std::vector<std::string> names(const exception_list& of) {
  std::vector<std::string> out;
  for (const auto& one : of) out.push_back(one->rule + ", " + one->effect);
  return out;
}

TEST(ExceptionTable, NamesTheRulesThatAnExceptionTakesImagesFrom) {
  const exception_table table(checks());
  EXPECT_THAT(names(table.all()), ElementsAre("sandbox, allow", "sidecars, pin: never", "hidden, allow"));
  EXPECT_THAT(table.all()[0]->from, ElementsAre("versions", "no-tag", "latest"));
  EXPECT_THAT(table.all()[0]->namespaces, ElementsAre("lab", "secret-*"));
  EXPECT_THAT(table.all()[1]->from, ElementsAre("unpinned"));
  EXPECT_THAT(table.all()[1]->images, ElementsAre("**/nginx"));
  EXPECT_THAT(exception_table(pipeline::checks_with({})).all(), IsEmpty());
}

TEST(ExceptionTable, KnowsWhichHoldForARow) {
  const auto view = view_with(checks());
  EXPECT_THAT(names(view.namespaces.at("lab")->rows[0].exceptions), ElementsAre("sandbox, allow"));
  const auto& shop = view.namespaces.at("shop")->rows;
  EXPECT_THAT(names(shop[0].exceptions), IsEmpty());  // api
  EXPECT_THAT(names(shop[1].exceptions), ElementsAre("sidecars, pin: never"));
  const auto found = find_rows(view, std::nullopt, *row_query::parse("/?exception=sandbox"));
  ASSERT_EQ(found.total, 1U);
  EXPECT_EQ(found.page[0]->row.ns, "lab");
}

TEST(ExceptionTable, TellsAViewerNothingOfOtherNamespaces) {
  const auto view = view_with(checks());
  const std::string of_all = rules_answer(view, std::nullopt);
  EXPECT_THAT(of_all, AllOf(HasSubstr("secret-*"), HasSubstr("\"hidden\"")));
  const std::string of_lab = rules_answer(view, visible_namespaces({"lab"}));
  EXPECT_THAT(of_lab, AllOf(HasSubstr("\"namespaces\":[\"lab\"]"), HasSubstr("sidecars"), Not(HasSubstr("secret")),
                            Not(HasSubstr("hidden"))));
  EXPECT_THAT(rules_answer(view, visible_namespaces({"shop"})),
              AllOf(Not(HasSubstr("sandbox")), Not(HasSubstr("lab")), HasSubstr("sidecars")));
  // A namespace that the viewer may list and that is not there makes no pattern visible.
  EXPECT_THAT(rules_answer(view, visible_namespaces({"secret-1"})), Not(HasSubstr("secret")));
}

TEST(ExceptionTable, CountsTheRowsOfTheViewer) {
  const auto view = view_with(checks());
  const auto rows_of = [&](const visible_namespaces& to) {
    auto got = json::parse(rules_answer(view, to));
    int rows = -1;
    for (const auto& rule : (*got)["rules"].GetArray())
      for (const auto& one : rule["exceptions"].GetArray())
        if (json::text_of(one["rule"]) == "sidecars") rows = one["rows"].GetInt();
    return rows;
  };
  EXPECT_EQ(rows_of(std::nullopt), 1);
  EXPECT_EQ(rows_of(visible_namespaces({"lab"})), 0);
}

}  // namespace
}  // namespace pinhook::console
