// The situations of openshift/runtime-utils, pkg/registries/registries_test.go and topo_test.go, rebuilt.
#include <pinhook/registry/mirror_sets.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using mirrors = std::vector<std::string>;

mirror_set set_of(std::string source, mirrors of, bool never = false, std::string object = "ImageTagMirrorSet x") {
  return {std::move(source), std::move(of), never, std::move(object)};
}

// "source: mirror mirror!" with '#' after mirrors for digests, '!' after a blocked source.
std::vector<std::string> shown(const registries_conf& conf) {
  std::vector<std::string> out;
  for (const auto& one : conf.registries) {
    out.push_back(fmt::format("{}{}:", one.prefix, one.is_blocked ? "!" : ""));
    for (const auto& mirror : one.mirrors)
      out.back() += fmt::format(" {}{}", mirror.location, mirror.use == mirror_use::digests ? "#" : "");
  }
  return out;
}

TEST(MirrorSets, OfOneSourceAreMergedInAnOrderThatEachSetAgreesWith) {
  const struct {
    const char* name;
    std::vector<mirror_set> sets;
    std::vector<std::string> wanted;
  } rows[] = {
      {"nothing", {}, {}},
      {"apart, by source",
       {set_of("s.net", {"z1.net", "y2.net", "x3.net"}), set_of("s.com", {"z1.com", "y2.com"})},
       {"s.com: z1.com y2.com", "s.net: z1.net y2.net x3.net"}},
      {"one in both", {set_of("s", {"z1", "y2"}), set_of("s", {"y2", "x3"})}, {"s: z1 y2 x3"}},
      {"one in both, the other way", {set_of("s", {"y2", "x3"}), set_of("s", {"z1", "y2"})}, {"s: z1 y2 x3"}},
      {"nothing in common", {set_of("s", {"vendor"}), set_of("s", {"local"})}, {"s: local vendor"}},
      {"against each other", {set_of("s", {"r1", "r2"}), set_of("s", {"local", "r2", "r1"})}, {"s: local r1 r2"}},
      {"the source among them", {set_of("s", {"z1", "s", "y2"}), set_of("s", {"s", "y2", "x3"})}, {"s: z1 s y2 x3"}},
      {"the source last", {set_of("s", {"z1", "s"})}, {"s: z1"}},
      {"the source alone", {set_of("s", {"s"}), set_of("t", {"t", "t"}, true)}, {}},
      {"no mirror", {set_of("s", {}, true), set_of("t", {""}), set_of("", {"m"})}, {}},
      {"twice the same", {set_of("s", {"m", "m"})}, {"s: m"}},
      {"a wildcard", {set_of("*.s.com", {"m"})}, {"*.s.com: m"}},
      {"one forbids the source", {set_of("s", {"m"}), set_of("s", {"n"}, true)}, {"s!: m n"}},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(conf_of({{}, row.sets})), row.wanted) << row.name;
}

TEST(MirrorSets, MirrorsForDigestsPrecedeThoseForTags) {
  EXPECT_THAT(shown(conf_of({{set_of("s", {"d"})}, {set_of("s", {"a"}), set_of("t", {"b"})}})),
              ElementsAre("s: d# a", "t: b"));
}

TEST(MirrorSets, AWildcardMovesTheWholeName) {
  const auto conf = conf_of({{}, {set_of("*.s.com", {"m.com/hub"})}});
  const auto places = places_for(conf, reference::parse("a.s.com/x/app:1").value()).value();
  ASSERT_EQ(places.in_order.size(), 2U);
  EXPECT_EQ(places.in_order[0].named.written(), "m.com/hub/x/app:1");
  EXPECT_EQ(places.in_order[1].named.written(), "a.s.com/x/app:1");
}

TEST(MirrorSets, TheMostSpecificSourceAloneCounts) {
  const auto conf = conf_of({{set_of("s.com/a", {"d.com/a"})}, {set_of("s.com", {"t.com"}, true)}});
  const auto places = places_for(conf, reference::parse("s.com/a/app:1").value()).value();
  ASSERT_EQ(places.in_order.size(), 1U) << "the mirror for tags and the policy are those of another source";
  EXPECT_EQ(places.in_order[0].blocked_by, nullptr);
}

TEST(MirrorSets, PlacesNameTheirObjects) {
  const auto conf = conf_of({{set_of("s.com", {"d.com"}, false, "ImageDigestMirrorSet d")},
                             {set_of("s.com", {"a.com"}, false, "ImageTagMirrorSet a"),
                              set_of("s.com", {"b.com"}, true, "ImageTagMirrorSet b")}});
  const auto places = places_for(conf, reference::parse("s.com/app:1").value()).value();
  ASSERT_EQ(places.in_order.size(), 3U);
  EXPECT_EQ(places.in_order[0].object, "ImageTagMirrorSet a");
  EXPECT_EQ(places.in_order[1].object, "ImageTagMirrorSet b");
  ASSERT_NE(places.in_order[2].blocked_by, nullptr);
  EXPECT_EQ(places.entry->file, "ImageTagMirrorSet b") << "the object that forbids the source";
  EXPECT_THAT(places.in_order[2].blocked_by->block_reason,
              AllOf(HasSubstr("NeverContactSource of ImageTagMirrorSet b"), Not(HasSubstr("add an"))));
}

TEST(MirrorSets, AMissingSetForDigestsIsNamed) {
  const auto conf = conf_of({{}, {set_of("s.com", {"a.com"}, true)}});
  ASSERT_EQ(conf.registries.size(), 1U);
  EXPECT_THAT(conf.registries[0].block_reason, HasSubstr("add an ImageDigestMirrorSet for s.com"));
  EXPECT_THAT(conf_of({{}, {set_of("s.com", {"a.com"})}}).registries[0].block_reason, IsEmpty());
}

}  // namespace
}  // namespace pinhook::registry
