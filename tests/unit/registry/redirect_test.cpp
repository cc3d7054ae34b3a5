#include <pinhook/registry/redirect.hpp>

#include "support/fake_http_client.hpp"

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using testing::respond;

struct row {
  const char* asked;
  const char* location;
  const char* expected;  // the URL, or an error code
  bool same_context = false;
};

class RedirectTable : public ::testing::TestWithParam<row> {};

TEST_P(RedirectTable, Leads) {
  const auto& [asked, location, expected, same_context] = GetParam();
  const auto hop = next_hop(*web_url::parse(asked), respond(307, {{"Location", location}}), 0);
  if (!hop) {
    EXPECT_EQ(to_string(hop.error().code), expected) << hop.error().message;
    return;
  }
  EXPECT_EQ(hop->url.text(), expected);
  EXPECT_EQ(hop->same_context, same_context);
}

constexpr const char* from = "https://r.example/v2/a/manifests/1";

INSTANTIATE_TEST_SUITE_P(
    Locations, RedirectTable,
    ::testing::Values(row{from, "/v2/b/manifests/1", "https://r.example/v2/b/manifests/1", true},
                      row{from, "2", "https://r.example/v2/a/manifests/2", true},
                      row{from, "https://r.example:443/x", "https://r.example:443/x", true},
                      row{from, "https://R.EXAMPLE/x", "https://R.EXAMPLE/x", true},
                      // Another host or port is another security context.
                      row{from, "https://s.example/x?sig=1", "https://s.example/x?sig=1", false},
                      row{from, "//s.example/x", "https://s.example/x", false},
                      row{from, "https://r.example:8443/x", "https://r.example:8443/x", false},
                      row{from, "https://r.example.evil/x", "https://r.example.evil/x", false},
                      // Down to HTTP: never.
                      row{from, "http://r.example/x", "denied"}, row{from, "http://localhost/x", "denied"},
                      row{"http://localhost:5000/x", "http://localhost:5000/y", "http://localhost:5000/y", true},
                      row{"http://localhost:5000/x", "http://localhost:5001/y", "http://localhost:5001/y", false},
                      row{"http://localhost:5000/x", "http://other.example/y", "denied"},
                      row{"http://localhost:5000/x", "https://other.example/y", "https://other.example/y", false},
                      row{from, "https://user:pw@r.example/x", "malformed"},
                      row{from, "ftp://r.example/x", "malformed"}, row{from, "file:///etc/passwd", "malformed"},
                      row{from, "https://a b/", "malformed"}, row{from, "javascript:alert(1)", "malformed"}));

TEST(Redirect, OnlyTheFiveStatusesAreOne) {
  for (const int status : {301, 302, 303, 307, 308}) EXPECT_TRUE(is_redirect(status)) << status;
  for (const int status : {200, 300, 304, 305, 306, 400}) EXPECT_FALSE(is_redirect(status)) << status;
}

TEST(Redirect, NeedsExactlyOneLocation) {
  const auto asked = *web_url::parse(from);
  EXPECT_FALSE(next_hop(asked, respond(307), 0));
  EXPECT_FALSE(next_hop(asked, respond(307, {{"Location", "/a"}, {"location", "/b"}}), 0));
}

TEST(Redirect, FiveHopsAreFollowedAndTheSixthIsNot) {
  const auto asked = *web_url::parse(from);
  const auto r = respond(307, {{"Location", "/again"}});
  EXPECT_TRUE(next_hop(asked, r, max_redirects - 1));
  const auto refused = next_hop(asked, r, max_redirects);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::malformed);
}

TEST(Redirect, MessagesDoNotRepeatSignedUrls) {
  const auto refused =
      next_hop(*web_url::parse(from), respond(307, {{"Location", "http://s.example/x?sig=hunter2"}}), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos);
  EXPECT_NE(refused.error().message.find("s.example"), std::string::npos);
}

}  // namespace
}  // namespace pinhook::registry
