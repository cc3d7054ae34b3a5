#include <pinhook/cloud/aws_xml.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::cloud {
namespace {

// The text at the path, "none", or the error.
std::string found(std::string_view text, std::string_view path) {
  const auto xml = aws_xml::parse(text);
  if (!xml) return xml.error().message;
  return std::string(xml->find(path).value_or("none"));
}

TEST(AwsXml, FindsLeavesByTheirPath) {
  const std::string_view text =
      "<?xml version=\"1.0\"?>\n<A xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>\n"
      "  <!-- <B>no</B> --><B a = \"1\" b='<'>x</B></A>";
  EXPECT_EQ(found(text, "A/B"), "x") << "pugixml takes a '<' within an attribute";
  const std::string_view good =
      "<?xml version=\"1.0\"?>\n<A xmlns='https://sts.example/'>\n <!-- <B>no</B> -->"
      "<B a = \"1>2\">x</B><C> y\n</C ><D/><E><F>1</F><F>2</F></E></A>\n";
  EXPECT_EQ(found(good, "A/B"), "x");
  EXPECT_EQ(found(good, "A/C"), "y");
  EXPECT_EQ(found(good, "A/D"), "");
  EXPECT_EQ(found(good, "A/E"), "none") << "it is no leaf";
  EXPECT_EQ(found(good, "A/E/F"), "none") << "which of the two?";
  EXPECT_EQ(found(good, "B"), "none");
}

TEST(AwsXml, DecodesEntities) {
  EXPECT_EQ(found("<A>&lt;&gt;&amp;&quot;&apos;</A>", "A"), "<>&\"'");
  EXPECT_EQ(found("<A>&#65;&#x42;&#xe9;&#x20AC;&#x1F600;</A>", "A"), "AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(found("<A>a<![CDATA[<&amp;>]]>b</A>", "A"), "a<&amp;>b");
  EXPECT_EQ(found("<A>a<!-- b -->c</A>", "A"), "ac");
}

TEST(AwsXml, ExpandsNoEntityOfTheDocument) {
  EXPECT_EQ(found("<!DOCTYPE A [<!ENTITY x 'y'>]><A>&x;</A>", "A"), "&x;");
  EXPECT_EQ(found("<!DOCTYPE A [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><A>&x;</A>", "A"), "&x;");
}

TEST(AwsXml, RefusesOtherTexts) {
  for (const std::string_view text : {"", "{}", "<A>", "<A", "<A></B>", "<A></A", "</A>", "&lt;", "<>", "<A b>",
                                      "<A b=1>", "<A b='1>", "<A =''>", "<!-- ", "<?xml ", "<A><![CDATA[x</A>"}) {
    const auto xml = aws_xml::parse(text);
    ASSERT_FALSE(xml) << text;
    EXPECT_EQ(xml.error().code, error_code::malformed);
    EXPECT_TRUE(xml.error().message.starts_with("the answer is not valid XML: ")) << xml.error().message;
  }
}

TEST(AwsXml, FindsNothingWhereTwoRootsHaveOneName) {
  EXPECT_EQ(found("<A>x</A><A>y</A>", "A"), "none");
  EXPECT_EQ(found("<A>x</A><B>y</B>", "A"), "x");
}

TEST(AwsXml, HasALimitOfItsSize) {
  const std::string frame = "<A></A>";
  EXPECT_TRUE(aws_xml::parse("<A>" + std::string(max_aws_xml - frame.size(), 'x') + "</A>"));
  EXPECT_EQ(found("<A>" + std::string(max_aws_xml - frame.size() + 1, 'x') + "</A>", ""),
            "the answer is not valid XML: it has more than 65536 bytes");
}

// Neither reading nor freeing recurses.
TEST(AwsXml, NestsAsDeepAsItsSizeAllows) {
  std::string deep;
  for (std::size_t i = 0; i < max_aws_xml / 7; ++i) deep += "<A>";
  for (std::size_t i = 0; i < max_aws_xml / 7; ++i) deep += "</A>";
  EXPECT_EQ(found(deep, "A/A"), "none");
}

TEST(AwsXml, MessagesHoldNothingOfTheText) {
  const auto xml = aws_xml::parse("<A><SessionToken>hunter2</SessionToken>&hunter;");
  ASSERT_FALSE(xml);
  EXPECT_EQ(xml.error().message.find("hunter"), std::string::npos);
}

// Every cut of a good text is an error, and none reads past its end.
TEST(AwsXml, EveryCutIsRefused) {
  const std::string good = "<?xml version='1.0'?><A x='1'><B>&lt;&#x41;</B><!-- c --><C><![CDATA[d]]></C><D/></A>";
  ASSERT_TRUE(aws_xml::parse(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(aws_xml::parse(std::string(good, 0, size))) << size;
}

}  // namespace
}  // namespace pinhook::cloud
