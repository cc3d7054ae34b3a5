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

TEST(SlotWords, ShortenLabelsInTheirMiddle) {
  EXPECT_EQ(short_label(slot_of("")), "/spec/image");
  EXPECT_EQ(short_label(slot_of(std::string(63, 'c'))), std::string(63, 'c'));
  const std::string long_name = "begin" + std::string(10'000, 'c') + "end";
  EXPECT_LE(short_label(slot_of(long_name)).size(), max_label_size);
  EXPECT_TRUE(short_label(slot_of(long_name)).starts_with("begin"));
  EXPECT_TRUE(short_label(slot_of(long_name)).ends_with("end"));
  EXPECT_EQ(short_label(slot_of("a\n\x1b[2J\xe2\x80\xae")), "a\\x0a\\x1b[2J\\u202e");
}

TEST(SlotWords, StandBehindTheSentence) {
  EXPECT_EQ(with_names("not pinned: why", slot_of("web"), "nginx:1.25", 256),
            "not pinned: why (container web, image nginx:1.25)");
  EXPECT_EQ(with_names("why", slot_of("data", container_type::image_volume), "nginx", 256),
            "why (volume data, image nginx)");
  EXPECT_EQ(with_names("why", slot_of("web"), "a\x1b", 256), "why (container web, image a\\x1b)");
}

TEST(SlotWords, GiveWayToTheSentence) {
  const std::string image = std::string(500, 'r') + "/api:v1";
  for (std::size_t size = 0; size <= 256; ++size) {
    const std::string sentence(size, 's');
    const std::string out = with_names(sentence, slot_of(std::string(63, 'c')), image, 256);
    EXPECT_LE(out.size(), 256U);
    EXPECT_TRUE(out.starts_with(sentence));
    EXPECT_TRUE(size >= 150 || out.ends_with("/api:v1)")) << out;
    EXPECT_TRUE(size >= 200 || out.find(" (container c") != std::string::npos) << out;
  }
  EXPECT_EQ(with_names(std::string(300, 's'), slot_of("web"), "nginx", 256).size(), 256U);
}

}  // namespace
}  // namespace pinhook::admission
