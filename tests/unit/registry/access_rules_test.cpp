#include <pinhook/registry/access_rules.hpp>

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using texts = std::vector<std::string>;

bool may(const texts& allow, const texts& deny, const std::string& image) {
  const auto rules = access_rules::make(allow, deny);
  EXPECT_TRUE(rules) << rules.error().message;
  return rules && !rules->refusal(reference::parse(image).value());
}
bool may_go(const texts& deny, const std::string& authority) {
  return !access_rules::make({}, deny)->refusal_of_host(authority);
}

TEST(AccessRules, AllowNamesWhatMayBeAsked) {
  const struct {
    const char* rule;
    const char* image;
    bool allowed;
  } rows[] = {
      {"docker.io", "nginx", true},
      {"docker.io", "ghcr.io/a/b", false},
      {"index.docker.io", "nginx", true},
      {"*.example.com", "a.example.com/x", true},
      {"*.example.com", "a.b.example.com/x", true},
      {"*.example.com", "example.com/x", false},
      {"*.example.com", "a.example.com.evil.org/x", false},
      {"*.example.com", "evilexample.com/x", false},
      {"registry.example.com", "registry.example.com:5000/x", false},
      {"registry.example.com", "registry.example.com:443/x", true},
      {"registry.example.com:443", "registry.example.com/x", true},
      {"registry.example.com:5000", "registry.example.com:5000/x", true},
      {"registry.example.com:5000", "registry.example.com:5001/x", false},
      {"registry.example.com:*", "registry.example.com:5001/x", true},
      {"Registry.Example.COM", "registry.example.com/x", true},
      {"ghcr.io/acme/*", "ghcr.io/acme/api", true},
      {"ghcr.io/acme/*", "ghcr.io/acme/deep/api", true},
      {"ghcr.io/acme/*", "ghcr.io/acmex/api", false},
      {"ghcr.io/acme/*", "ghcr.io/acme", false},
      {"ghcr.io/acme/api", "ghcr.io/acme/api:1", true},
      {"ghcr.io/acme/api", "ghcr.io/acme/api2", false},
      {"docker.io/library/*", "nginx", true},
      {"docker.io/library/*", "acme/nginx", false},
      {"*", "anything.example/x", true},
      {"*", "anything.example:5000/x", false},
      {"*:*", "anything.example:5000/x", true},
      {"[::1]:5000", "[::1]:5000/x", true},
  };
  for (const auto& row : rows) EXPECT_EQ(may({row.rule}, {}, row.image), row.allowed) << row.rule << " " << row.image;
}

TEST(AccessRules, DenyGoesFirstAndHoldsForEveryPort) {
  EXPECT_FALSE(may({"*"}, {"evil.org"}, "evil.org/x"));
  EXPECT_FALSE(may({}, {"evil.org"}, "evil.org:5000/x"));
  EXPECT_FALSE(may({}, {"evil.org"}, "EVIL.org/x"));
  EXPECT_TRUE(may({}, {"evil.org:5000"}, "evil.org/x"));
  EXPECT_FALSE(may({}, {"ghcr.io/acme/*"}, "ghcr.io/acme/api"));
  EXPECT_TRUE(may({}, {"ghcr.io/acme/*"}, "ghcr.io/other/api"));
  EXPECT_FALSE(may({}, {"10.0.0.1"}, "0xa.0.0.1/x")) << "an odd spelling of the address";
  EXPECT_TRUE(may({}, {}, "any.example/x"));
}

TEST(AccessRules, DenyHoldsForHostsThatOthersName) {
  EXPECT_FALSE(may_go({"*.evil.org"}, "auth.evil.org"));
  EXPECT_FALSE(may_go({"*.evil.org"}, "auth.evil.org:8443"));
  EXPECT_FALSE(may_go({"auth.evil.org"}, "auth.evil.org."));
  EXPECT_FALSE(may_go({"docker.io"}, "registry-1.docker.io"));
  EXPECT_TRUE(may_go({"docker.io"}, "auth.docker.io"));
  EXPECT_TRUE(may_go({"ghcr.io/acme/*"}, "ghcr.io")) << "a rule about repositories says nothing about the host";
  EXPECT_FALSE(may_go({"[::1]"}, "[0:0:0:0:0:0:0:1]:5000"));
}

TEST(AccessRules, MessagesNameTheRuleAndTheSetting) {
  const auto ref = reference::parse("evil.org/a/b:1").value();
  EXPECT_EQ(
      *access_rules::make({}, {"*.org"})->refusal(ref),
      (error{error_code::denied, "evil.org/a/b is not allowed: \"*.org\" in registry.deny", {}, remedy::other_source}));
  EXPECT_EQ(access_rules::make({"docker.io"}, {})->refusal(ref)->message,
            "evil.org/a/b is not allowed: no rule in registry.allow matches it (\"docker.io\")");
  EXPECT_EQ(access_rules::make({"docker.io", "ghcr.io"}, {})->refusal(ref)->message,
            "evil.org/a/b is not allowed: no rule in registry.allow matches it (2 rules)");
  EXPECT_EQ(access_rules::make({}, {"*.org"})->refusal_of_host("auth.evil.org")->message,
            "auth.evil.org is not allowed: \"*.org\" in registry.deny");
}

TEST(AccessRules, RefusesRulesThatAreNone) {
  for (const std::string& bad : {std::string(), std::string("https://docker.io"), std::string("docker.io/"),
                                 std::string("a b"), std::string(":5000"), std::string("r:port"), std::string("/x"),
                                 std::string(max_access_rule + 1, 'a'), std::string("caf\xc3\xa9.example")}) {
    for (const bool is_allow : {true, false}) {
      const auto got = is_allow ? access_rules::make({bad}, {}) : access_rules::make({}, {bad});
      ASSERT_FALSE(got) << bad;
      EXPECT_EQ(got.error().code, error_code::invalid_input);
      EXPECT_EQ(got.error().message.find(is_allow ? "registry.allow: " : "registry.deny: "), 0U);
    }
  }
  EXPECT_TRUE(access_rules::make({std::string(max_access_rule, 'a')}, {}));
}

TEST(AccessRules, ManyStarsTakeNoTime) {
  std::string rule;
  for (int i = 0; i < 100; ++i) rule += "*a";
  EXPECT_TRUE(may({}, {rule + "b"}, std::string(200, 'a') + ".example/x"));
}

}  // namespace
}  // namespace pinhook::registry
