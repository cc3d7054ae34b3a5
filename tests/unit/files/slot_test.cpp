#include <pinhook/files/slot.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace pinhook::files {
namespace {

TEST(Slot, NamesEveryReasonDifferently) {
  std::set<std::string_view> names;
  for (const auto reason : {skip_reason::none, skip_reason::variable, skip_reason::no_tag_here, skip_reason::built,
                            skip_reason::skip_label, skip_reason::skip_comment, skip_reason::pattern,
                            skip_reason::replaced, skip_reason::split, skip_reason::number_tag, skip_reason::invalid})
    EXPECT_TRUE(names.insert(to_string(reason)).second) << to_string(reason);
}

TEST(Slot, IsPinnedByItsDigest) {
  slot one;
  EXPECT_FALSE(one.is_pinned());
  one.ref = *registry::reference::parse("nginx:1.25");
  EXPECT_FALSE(one.is_pinned());
  one.ref = *registry::reference::parse("nginx@" + registry::digest::of("x").to_string());
  EXPECT_TRUE(one.is_pinned());
}

}  // namespace
}  // namespace pinhook::files
