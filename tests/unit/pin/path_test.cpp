#include <pinhook/pin/path.hpp>

#include <gtest/gtest.h>

namespace pinhook::pin {
namespace {

using kind = path_step::kind;

TEST(Path, ReadsMembersElementsAndValues) {
  const path expected{{kind::member, "spec"},
                      {kind::member, "workers"},
                      {kind::elements, ""},
                      {kind::values, ""},
                      {kind::member, "image"}};
  EXPECT_EQ(parse_path("spec.workers[*]{*}.image"), expected);
  EXPECT_EQ(parse_path("image"), (path{{kind::member, "image"}}));
  EXPECT_EQ(parse_path("spec.images[*]"),
            (path{{kind::member, "spec"}, {kind::member, "images"}, {kind::elements, ""}}));
}

TEST(Path, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a name is expected at position 1"},
      {".spec", "a name is expected at position 1"},
      {"[*]", "a name is expected at position 1"},
      {"spec.", "a name is expected at position 6"},
      {"spec..image", "a name is expected at position 6"},
      {"spec[0].image", "'.', '[*]' or '{*}' is expected at position 5"},
      {"spec[*]image", "'.', '[*]' or '{*}' is expected at position 8"},
      {"spec/image", "'.', '[*]' or '{*}' is expected at position 5"},
      {"spec.*.image", "a name is expected at position 6"},
      {"metadata.annotations.image", "metadata holds no images"},
  };
  for (const auto& [text, why] : cases) {
    const auto parsed = parse_path(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, error_code::invalid_input);
    EXPECT_NE(parsed.error().message.find(why), std::string::npos) << parsed.error().message;
  }
}

TEST(Path, HasALongestLength) {
  EXPECT_TRUE(parse_path(std::string(max_path_size, 'a')));
  EXPECT_FALSE(parse_path(std::string(max_path_size + 1, 'a')));
}

}  // namespace
}  // namespace pinhook::pin
