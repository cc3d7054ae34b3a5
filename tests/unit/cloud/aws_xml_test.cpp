#include <pinhook/cloud/aws_xml.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::cloud {
namespace {

// The text at the path, "none", or what is wrong.
std::string found(std::string_view text, std::string_view path) {
  const auto xml = aws_xml::parse(text);
  if (!xml) return xml.error().message;
  return std::string(xml->find(path).value_or("none"));
}

TEST(AwsXml, FindsLeavesByTheirPath) {
  const std::string_view text =
      "<?xml version=\"1.0\"?>\n<A xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>\n"
      "  <!-- <B>no</B> --><B a = \"1\" b='<'>x</B></A>";
  EXPECT_NE(found(text, "A/B"), "x") << "'<' within an attribute";
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

TEST(AwsXml, RefusesWhatIsNotXml) {
  struct row {
    std::string_view text, why;
  };
  for (const auto& [text, why] : {
           row{"", "it has no element"},
           {"{}", "text outside the root"},
           {"<A>", "it ends within an element"},
           {"<A", "an element without an end"},
           {"<A></B>", "an end without its beginning"},
           {"<A></A", "an end that is none"},
           {"</A>", "an end without its beginning"},
           {"<A/><B/>", "two roots"},
           {"<A/>x", "text outside the root"},
           {"&lt;<A/>", "text outside the root"},
           {"<![CDATA[x]]><A/>", "text outside the root"},
           {"<>", "an element without a name"},
           {"<A b>", "an attribute that is none"},
           {"<A b=1>", "an attribute that is none"},
           {"<A b='1>", "an attribute that is none"},
           {"<A =''>", "an attribute that is none"},
           {"<A>&</A>", "a '&' that begins no entity"},
           {"<A>&aaaaaaaaaaaaaaaaaaaaa;</A>", "a '&' that begins no entity"},
           {"<A>&nbsp;</A>", "an unknown entity"},
           {"<A>&#0;</A>", "an unknown entity"},
           {"<A>&#xd800;</A>", "an unknown entity"},
           {"<A>&#x110000;</A>", "an unknown entity"},
           {"<A>&#-1;</A>", "an unknown entity"},
           {"<A>&#;</A>", "an unknown entity"},
           {"<A>&;</A>", "an unknown entity"},
           {"<!DOCTYPE A [<!ENTITY x 'y'>]><A>&x;</A>", "a document type"},
           {"<!-- ", "a comment without an end"},
           {"<?xml ", "an instruction without an end"},
           {"<A><![CDATA[x</A>", "a CDATA section without an end"},
       }) {
    const auto xml = aws_xml::parse(text);
    ASSERT_FALSE(xml) << text;
    EXPECT_EQ(xml.error().code, error_code::malformed);
    EXPECT_TRUE(xml.error().message.starts_with(fmt::format("not the XML of AWS: {}", why)))
        << text << ": " << xml.error().message;
  }
}

TEST(AwsXml, HasLimits) {
  const auto nested = [](std::size_t depth) {
    std::string out;
    for (std::size_t i = 0; i < depth; ++i) out += "<A>";
    for (std::size_t i = 0; i < depth; ++i) out += "</A>";
    return out;
  };
  EXPECT_TRUE(aws_xml::parse(nested(16)));
  EXPECT_NE(found(nested(17), "").find("nested too deep"), std::string::npos);

  std::string many = "<A>";
  for (int i = 0; i < 499; ++i) many += "<B/>";
  EXPECT_TRUE(aws_xml::parse(many + "</A>"));
  EXPECT_NE(found(many + "<B/></A>", "").find("too many elements"), std::string::npos);

  const std::string frame = "<A></A>";
  EXPECT_TRUE(aws_xml::parse("<A>" + std::string(64 * 1024 - frame.size(), 'x') + "</A>"));
  EXPECT_NE(found("<A>" + std::string(64 * 1024 - frame.size() + 1, 'x') + "</A>", "").find("too long"),
            std::string::npos);
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
