#include <pinhook/files/site.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace pinhook::files {
namespace {

TEST(Site, NamesEveryReasonDifferently) {
  std::set<std::string_view> names;
  for (const auto why : {untouched::no, untouched::variable, untouched::no_tag_here, untouched::built,
                         untouched::skip_label, untouched::split, untouched::number_tag, untouched::invalid})
    EXPECT_TRUE(names.insert(to_string(why)).second) << to_string(why);
}

TEST(Site, IsPinnedByItsDigest) {
  site one;
  EXPECT_FALSE(one.is_pinned());
  one.ref = *registry::reference::parse("nginx:1.25");
  EXPECT_FALSE(one.is_pinned());
  one.ref = *registry::reference::parse("nginx@" + registry::digest::of("x").to_string());
  EXPECT_TRUE(one.is_pinned());
}

}  // namespace
}  // namespace pinhook::files
