// Short names as nodes with a registries.conf read them: what is looked up, recorded and kept is the qualified name.
#include "support/planned_example.hpp"

#include <pinhook/pin/plan.hpp>
#include <pinhook/registry/registries_conf.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

using testing::annotation;
using testing::decision_for;
using testing::digest_text;
using testing::example;
using ::testing::HasSubstr;
using testing::plan_of;
using testing::record;
using action = decision::kind;

const std::string one = "unqualified-search-registries = [\"a.test\"]\n";
const std::string two = "unqualified-search-registries = [\"docker.io\", \"b.test\"]\n";

name_meaning by(const std::string& conf) {
  return [conf = registry::parse_registries_conf(conf, "/r.conf").value()](const registry::reference& ref) {
    return registry::meaning_of(conf, ref);
  };
}

TEST(ShortNames, AreQualifiedWhereTheyMayMeanAnotherImage) {
  const struct {
    const char* name;
    std::string conf, image, written;
  } rows[] = {
      {"Docker Hub alone", "unqualified-search-registries = [\"docker.io\"]\n", "nginx:1", "nginx:1"},
      {"another registry alone", one, "nginx:1", "a.test/nginx:1"},
      {"without a tag", one, "nginx", "a.test/nginx"},
      {"Docker Hub first of two", two, "nginx:1", "docker.io/nginx:1"},
      {"an alias", "[aliases]\nnginx = \"r.test/web\"\n", "nginx:1", "r.test/web:1"},
      {"qualified by its author", one, "docker.io/nginx:1", "docker.io/nginx:1"},
  };
  for (const auto& row : rows) {
    const auto p = plan_of({.image = row.image, .meaning_of = by(row.conf)});
    ASSERT_EQ(decision_for(p).action, action::resolve) << row.name;
    EXPECT_EQ(decision_for(p).ref->written(), row.written) << row.name;
  }
}

TEST(ShortNames, AreRefusedWhereNodesRefuseThem) {
  const auto p = plan_of({.image = "nginx:1", .meaning_of = by(two + "short-name-mode = \"enforcing\"\n")});
  EXPECT_EQ(decision_for(p).action, action::refuse);
  EXPECT_THAT(decision_for(p).problem, HasSubstr("write its registry"));
}

TEST(ShortNames, ThatHaveADigestStay) {
  const auto p = plan_of({.image = "nginx@" + digest_text('a'), .meaning_of = by(one)});
  EXPECT_EQ(decision_for(p).reason, leave_reason::has_digest);
}

TEST(ShortNames, KeepThePinOfTheQualifiedName) {
  const std::string pins = annotation("pins", record("a.test/nginx:1", 'a'));
  example e{
      .image = "nginx:1", .old_image = "a.test/nginx@" + digest_text('a'), .is_update = true, .meaning_of = by(one)};
  e.metadata = "\"labels\":{\"a\":\"b\"}";
  e.old_metadata = R"("annotations":{)" + pins + "}";
  const auto p = plan_of(e);
  ASSERT_EQ(decision_for(p).action, action::keep);
  EXPECT_EQ(decision_for(p).kept->to_string(), digest_text('a'));
  EXPECT_EQ(decision_for(p).ref->written_name(), "a.test/nginx");
  e.meaning_of = nullptr;
  EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve) << "Docker Hub's was never pinned";
}

TEST(ShortNames, StayTagsInATemplateThatIsImmutable) {
  example e{.group = "batch", .kind = "Job", .image = "nginx", .old_image = "nginx:latest", .is_update = true};
  e.meaning_of = by(one);
  EXPECT_EQ(decision_for(plan_of(e)).action, action::restore);
}

}  // namespace
}  // namespace pinhook::pin
