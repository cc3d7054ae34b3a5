#include <pinhook/http/endpoint.hpp>

#include <gtest/gtest.h>

namespace pinhook::http {
namespace {

struct row {
  const char* url;
  const char* endpoint;
  bool is_https;
};

TEST(Endpoint, ReadsSchemeHostAndPort) {
  for (const auto& [url, text, is_https] : {
           row{"https://ghcr.io/v2/", "ghcr.io:443", true},
           row{"http://GHCR.io", "ghcr.io:80", false},
           row{"https://localhost:5000/v2/a?b=c#d", "localhost:5000", true},
           row{"https://[::1]:5000/", "[::1]:5000", true},
           row{"https://192.0.2.1/", "192.0.2.1:443", true},
           // The guard must check the host that curl will connect to.
           row{"http://0x7f.1/", "127.0.0.1:80", false},
           row{"http://2130706433/", "127.0.0.1:80", false},
       }) {
    const auto e = parse_endpoint(url);
    ASSERT_TRUE(e) << url << ": " << e.error().message;
    EXPECT_EQ(e->to_string(), text) << url;
    EXPECT_EQ(e->is_https, is_https) << url;
  }
}

TEST(Endpoint, KnowsAddressesFromNames) {
  EXPECT_EQ(parse_endpoint("https://[::1]/")->address(), boost::asio::ip::make_address("::1"));
  EXPECT_EQ(parse_endpoint("https://127.0.0.1/")->address(), boost::asio::ip::make_address("127.0.0.1"));
  EXPECT_EQ(parse_endpoint("https://one.example/")->address(), std::nullopt);
}

TEST(Endpoint, RefusesWhatIsNoUsableUrl) {
  for (const char* url :
       {"", "ghcr.io/v2/", "ftp://a.example/", "file:///etc/passwd", "https://", "https://user@a.example/",
        "https://user:secret@a.example/", "https://a.example/\r\nX: y", "https://a.example/a b",
        "https://a.example:99999/", "https://a.example:port/", "//a.example/"}) {
    const auto e = parse_endpoint(url);
    ASSERT_FALSE(e) << url;
    EXPECT_EQ(e.error().code, error_code::invalid_input) << url;
    EXPECT_EQ(e.error().message.find("secret"), std::string::npos);
  }
}

TEST(Endpoint, SaysItsAuthorityWithoutTheSchemesOwnPort) {
  EXPECT_EQ(parse_endpoint("https://one.example/")->url_authority(), "one.example");
  EXPECT_EQ(parse_endpoint("https://one.example:8443/")->url_authority(), "one.example:8443");
  EXPECT_EQ(parse_endpoint("http://one.example/")->url_authority(), "one.example");
  EXPECT_EQ(parse_endpoint("http://one.example:443/")->url_authority(), "one.example:443");
  EXPECT_EQ(parse_endpoint("https://[::1]/")->url_authority(), "[::1]");
  EXPECT_EQ(parse_endpoint("https://[::1]:5000/")->url_authority(), "[::1]:5000");
}

TEST(Endpoint, TakesAnotherHostIntoAUrl) {
  EXPECT_EQ(with_host("https://192.0.2.1:6443/a/../b%2Fc?x=%20&y", "one.example"),
            "https://one.example:6443/a/../b%2Fc?x=%20&y");
  EXPECT_EQ(with_host("https://one.example/a", "[::1]"), "https://[::1]/a");
  EXPECT_EQ(with_host("https://[::1]:5000/a", "one.example"), "https://one.example:5000/a");
}

}  // namespace
}  // namespace pinhook::http
