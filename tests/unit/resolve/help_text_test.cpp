#include <pinhook/resolve/help_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::resolve {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

TEST(HelpText, TakesTextsAndUrls) {
  for (const char* text :
       {"", "https://wiki.example.com/pins", "https://wiki.example.com/pins?of={namespace}#why", "chat: #platform",
        "wiki/{namespace}, ask {namespace}-owners", "fragt das Plattform-Team, Gebäude 3"})
    EXPECT_EQ(fault_of_help(text), std::nullopt) << text;
}

TEST(HelpText, RefusesWhatWouldSpoilAMessage) {
  const struct {
    std::string text;
    const char* fault;
  } rows[] = {
      {"a\nb", "printable"},
      {"a\tb", "printable"},
      {"a\x1b[2J", "printable"},
      {"a\xc2\x85", "printable"},
      {"a\xe2\x80\xae", "printable"},
      {"a\xff", "printable"},
      {"wiki/{ns}", "brace outside {namespace}: \"{ns}\""},
      {"wiki/{namespace", "brace outside {namespace}"},
      {"wiki/}", "brace outside {namespace}"},
      {std::string(max_help_size + 1, 'a'), "has 201 bytes with the longest name of a namespace; at most 200"},
      {std::string(max_help_size - 62, 'a') + "{namespace}", "has 201 bytes"},
      {"{namespace}{namespace}{namespace}{namespace}", "has 252 bytes"},
  };
  for (const auto& [text, fault] : rows) EXPECT_THAT(fault_of_help(text), Optional(HasSubstr(fault))) << text;
  EXPECT_EQ(fault_of_help(std::string(max_help_size, 'a')), std::nullopt);
  EXPECT_EQ(fault_of_help(std::string(max_help_size - 63, 'a') + "{namespace}"), std::nullopt);
}

TEST(HelpText, FillsInTheNamespace) {
  EXPECT_EQ(filled_help("a", "shop"), "a");
  EXPECT_EQ(filled_help("a/{namespace}", "shop"), "a/shop");
  EXPECT_EQ(filled_help("{namespace}{namespace}!", "shop"), "shopshop!");
  EXPECT_EQ(filled_help("a/{namespace}", ""), "a/-") << "an object without a namespace";
  EXPECT_EQ(filled_help("a/{namespace}", "{namespace}"), "a/{namespace}") << "what is filled in is not read again";
}

}  // namespace
}  // namespace pinhook::resolve
