#include <pinhook/admission/slot_words.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::admission {
namespace {

using pin::container_type;

pin::slot slot_of(std::string container, container_type type = container_type::container) {
  return {"/spec/image", "nginx", std::move(container), type};
}

TEST(SlotWords, NameWhatASlotIs) {
  EXPECT_EQ(noun_of(slot_of("web")), "container");
  EXPECT_EQ(noun_of(slot_of("web", container_type::init_container)), "container");
  EXPECT_EQ(noun_of(slot_of("data", container_type::image_volume)), "volume");
  EXPECT_EQ(noun_of(slot_of("", container_type::other)), "field");
}

TEST(SlotWords, CutTheBeginBetweenCharacters) {
  EXPECT_EQ(cut_begin("nginx:1.25", 10), "nginx:1.25");
  EXPECT_EQ(cut_begin("nginx:1.25", 7), "…1.25");
  EXPECT_EQ(cut_begin("aäöü", 6), "…ü");
  EXPECT_EQ(cut_begin("nginx:1.25", 2), "…");
  EXPECT_EQ(cut_begin("", 0), "");
}

TEST(SlotWords, ShortenLabels) {
  EXPECT_EQ(short_label(slot_of("")), "/spec/image");
  EXPECT_EQ(short_label(slot_of(std::string(63, 'c'))).size(), max_label_size);
  EXPECT_EQ(short_label(slot_of("container"), 8), "…ainer");
}

}  // namespace
}  // namespace pinhook::admission
