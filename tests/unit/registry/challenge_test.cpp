#include <pinhook/registry/challenge.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

const web_url asked = *web_url::parse("https://registry.example/v2/acme/api/manifests/v1");

std::string show(const std::vector<challenge>& all) {
  std::string out;
  for (const auto& one : all) {
    out += out.empty() ? "" : " | ";
    out += one.scheme;
    for (const auto& [name, value] : one.parameters) out += " " + name + "=<" + value + ">";
  }
  return out;
}

struct row {
  const char* line;
  const char* read;
};

class ChallengeTable : public ::testing::TestWithParam<row> {};

TEST_P(ChallengeTable, IsRead) { EXPECT_EQ(show(parse_challenges({GetParam().line})), GetParam().read); }

INSTANTIATE_TEST_SUITE_P(
    Lines, ChallengeTable,
    ::testing::Values(
        row{R"(Bearer realm="https://a.example/token",service="r",scope="repository:a:pull")",
            "bearer realm=<https://a.example/token> service=<r> scope=<repository:a:pull>"},
        // A comma inside quotes belongs to the value.
        row{R"(Bearer realm="https://a/t",scope="repository:a:pull,push")",
            "bearer realm=<https://a/t> scope=<repository:a:pull,push>"},
        row{R"(Basic realm="say \"hi\", \\o/")", R"(basic realm=<say "hi", \o/>)"},
        // Names and schemes in any case.
        row{R"(BEARER Realm="https://a/t",SERVICE="S")", "bearer realm=<https://a/t> service=<S>"},
        // Unquoted values, also with characters that a token may not have.
        row{"Bearer realm=https://a/t?x=1,service=r", "bearer realm=<https://a/t?x=1> service=<r>"},
        // Empty values, quoted (Oracle) and bare.
        row{R"(Bearer realm="https://a/t",service="",scope="")", "bearer realm=<https://a/t> service=<> scope=<>"},
        row{"Bearer scope=,realm=https://a/t", "bearer scope=<> realm=<https://a/t>"},
        // Space around the equals sign, and none of the commas.
        row{R"(Bearer realm = "https://a/t" service=r)", "bearer realm=<https://a/t> service=<r>"},
        // Several challenges in a line; Negotiate and its token68 first.
        row{R"(Negotiate, Bearer realm="https://a/t", Basic realm="x")",
            "negotiate | bearer realm=<https://a/t> | basic realm=<x>"},
        row{R"(Negotiate YWJj/+==, Basic realm="x")", "negotiate | basic realm=<x>"},
        row{R"(NTLM TlRMTVNTUAAB==, Bearer realm="https://a/t")", "ntlm tlrmtvntuaab=<=> | bearer realm=<https://a/t>"},
        row{R"(Basic realm="x" Bearer realm="https://a/t")", "basic realm=<x> | bearer realm=<https://a/t>"},
        row{R"(Negotiate Bearer realm="https://a/t")", "negotiate | bearer realm=<https://a/t>"}, row{"Basic", "basic"},
        row{"", ""}, row{" , ,", ""}, row{"=,=", ""},
        // A quoted string that never ends has no value, and nothing after it counts.
        row{R"(Bearer service="s",realm="https://a/t, Basic realm=x)", "bearer service=<s>"},
        row{R"(Bearer realm="a\)", "bearer"},
        // A stray quoted string is no place to hide a challenge.
        row{R"("x, Bearer realm=https://evil/t", Basic realm="y")", "basic realm=<y>"},
        row{R"(Foo "x, Bearer realm=https://evil/t", Basic realm="y")", "foo | basic realm=<y>"},
        // Control characters never get further.
        row{"Bearer realm=\"https://a/\nt\",service=\"s\"", "bearer service=<s>"}));

TEST(Challenge, SeveralLinesAreOneList) {
  EXPECT_EQ(show(parse_challenges({"Negotiate", R"(Basic realm="x")", R"(Bearer realm="https://a/t")"})),
            "negotiate | basic realm=<x> | bearer realm=<https://a/t>");
}

TEST(Challenge, TheFirstOfTwoEqualParametersCounts) {
  const auto all = parse_challenges({R"(Bearer realm="https://a/t",realm="https://b/t")"});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().parameter("realm"), "https://a/t");
}

TEST(Challenge, AtMostSixteenAreRead) {
  std::string line;
  for (int i = 0; i < 20; ++i) line += "Basic realm=x, ";
  EXPECT_EQ(parse_challenges({line}).size(), max_challenges);
  EXPECT_EQ(parse_challenges(std::vector<std::string_view>(20, "Basic")).size(), max_challenges);
}

TEST(Challenge, LinesBeyondEightKibibytesAreLeftOut) {
  const std::string big = "Basic realm=\"" + std::string(max_challenge_bytes, 'x') + '"';
  EXPECT_TRUE(parse_challenges({big}).empty());
  const std::string fits = "Basic realm=\"" + std::string(max_challenge_bytes - 20, 'x') + '"';
  EXPECT_EQ(parse_challenges({fits, R"(Bearer realm="https://a/t")"}).size(), 1U);
}

TEST(ChooseChallenge, PrefersBearerToBasicWhateverTheirOrder) {
  const auto all = parse_challenges({R"(Basic realm="x", Bearer realm="https://a.example/token",service=s)"});
  const auto chosen = choose_challenge(all, asked);
  ASSERT_TRUE(chosen && chosen->is_bearer());
  EXPECT_EQ(chosen->realm->text(), "https://a.example/token");
  EXPECT_EQ(chosen->service, "s");
}

TEST(ChooseChallenge, IgnoresOtherSchemes) {
  EXPECT_FALSE(choose_challenge(parse_challenges({"Negotiate, NTLM, Digest realm=x"}), asked));
}

TEST(ChooseChallenge, ServiceAndScopeMayBeAbsent) {
  const auto chosen = choose_challenge(parse_challenges({R"(Bearer realm="https://nvcr.example/proxy_auth")"}), asked);
  ASSERT_TRUE(chosen && chosen->is_bearer());
  EXPECT_EQ(chosen->service, "");
  EXPECT_EQ(chosen->scope, "");
}

TEST(ChooseChallenge, ResolvesARelativeRealm) {
  const auto chosen = choose_challenge(parse_challenges({R"(Bearer realm="/service/token")"}), asked);
  ASSERT_TRUE(chosen && chosen->is_bearer());
  EXPECT_EQ(chosen->realm->text(), "https://registry.example/service/token");
}

TEST(ChooseChallenge, ABearerWhoseRealmIsNoUrlIsUnusable) {
  for (const char* realm : {"Registry Realm", "registry", "", "ftp://a/t", "https://", "https://user:pw@a.example/t",
                            "https://a.example:99999/t", "https://a%2eb/t", "http://[::1/t", "https://a\\\\b/t"}) {
    const std::string bearer = std::string("Bearer realm=\"") + realm + '"';
    EXPECT_FALSE(choose_challenge(parse_challenges({bearer}), asked)) << realm;
    const auto with_basic = choose_challenge(parse_challenges({bearer, "Basic realm=x"}), asked);
    ASSERT_TRUE(with_basic) << realm;
    EXPECT_FALSE(with_basic->is_bearer()) << realm;
  }
}

TEST(ChooseChallenge, TakesTheFirstUsableBearer) {
  const auto chosen = choose_challenge(
      parse_challenges({R"(Bearer realm="none of yours", Bearer realm="https://b.example/t")"}), asked);
  ASSERT_TRUE(chosen && chosen->is_bearer());
  EXPECT_EQ(chosen->realm->text(), "https://b.example/t");
}

struct url_row {
  const char* text;
  const char* origin;  // null: refused
};

class WebUrlTable : public ::testing::TestWithParam<url_row> {};

TEST_P(WebUrlTable, IsRead) {
  const auto url = web_url::parse(GetParam().text);
  ASSERT_EQ(url.has_value(), GetParam().origin != nullptr) << GetParam().text;
  if (url) {
    EXPECT_EQ(url->where().to_string(), GetParam().origin);
  }
}

INSTANTIATE_TEST_SUITE_P(Urls, WebUrlTable,
                         ::testing::Values(url_row{"https://A.Example/x", "https://a.example:443"},
                                           url_row{"http://a:80", "http://a:80"},
                                           url_row{"https://[::1]:5000/x?y#z", "https://[::1]:5000"},
                                           url_row{"HTTPS://a.example:/x", "https://a.example:443"},
                                           url_row{"https:/a/b", nullptr}, url_row{"//a.example/x", nullptr},
                                           url_row{"file:///etc/passwd", nullptr}, url_row{"https://a:0/x", nullptr},
                                           url_row{"https://a:65536/x", nullptr}, url_row{"https://u@a/x", nullptr},
                                           url_row{"https://a b/x", nullptr}, url_row{"https://%61/x", nullptr},
                                           url_row{"https:///x", nullptr},
                                           url_row{"https://a.example/\r\nX: y", nullptr}));

TEST(WebUrl, LongerOnesAreRefused) {
  EXPECT_TRUE(web_url::parse("https://a.example/" + std::string(web_url::max_size - 18, 'x')));
  EXPECT_FALSE(web_url::parse("https://a.example/" + std::string(web_url::max_size - 17, 'x')));
}

TEST(WebUrl, AFragmentIsDropped) { EXPECT_EQ(web_url::parse("https://a/x?y#z")->text(), "https://a/x?y"); }

TEST(WebUrl, LoopbackIsALoopbackNameSpeltPlainly) {
  for (const char* name : {"localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "[::1]"})
    EXPECT_TRUE(is_loopback_name(name)) << name;
  for (const char* name : {"127.1", "127.0.0", "127.0.0.1.", "127.0.0.256", "128.0.0.1", "0x7f.0.0.1", "2130706433",
                           "a.localhost", "localhost.evil.example", "127.0.0.1.evil.example", "::1", ""})
    EXPECT_FALSE(is_loopback_name(name)) << name;
}

}  // namespace
}  // namespace pinhook::registry
