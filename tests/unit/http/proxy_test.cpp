#include <pinhook/http/proxy.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::http {
namespace {

bool is_proxied(const char* url, const char* no_proxy) {
  const proxy_settings s{"http://plain.example:1", "http://tls.example:2", no_proxy};
  return !proxy_for(*parse_endpoint(url), s).empty();
}

TEST(Proxy, IsChosenByScheme) {
  const proxy_settings s{"http://plain.example:1", "http://tls.example:2", ""};
  EXPECT_EQ(proxy_for(*parse_endpoint("http://a.example/"), s), "http://plain.example:1");
  EXPECT_EQ(proxy_for(*parse_endpoint("https://a.example/"), s), "http://tls.example:2");
  EXPECT_EQ(proxy_for(*parse_endpoint("https://a.example/"), {}), "");
}

TEST(Proxy, IsNeverUsedForLoopback) {
  for (const char* url : {"https://localhost/", "https://127.0.0.1:5000/", "https://127.9.9.9/", "https://[::1]/",
                          "https://[::ffff:127.0.0.1]/"})
    EXPECT_FALSE(is_proxied(url, "")) << url;
}

// The rules of golang.org/x/net/http/httpproxy, "NoProxy".
TEST(Proxy, NoProxyNamesHostsAskedDirectly) {
  EXPECT_FALSE(is_proxied("https://a.example/", "*"));
  EXPECT_FALSE(is_proxied("https://a.example/", "a.example"));
  EXPECT_FALSE(is_proxied("https://a.example/", "other.test, A.Example"));
  EXPECT_FALSE(is_proxied("https://sub.a.example/", "a.example"));
  EXPECT_TRUE(is_proxied("https://nota.example/", "a.example"));
  EXPECT_TRUE(is_proxied("https://a.example/", ".a.example"));
  EXPECT_FALSE(is_proxied("https://sub.a.example/", ".a.example"));
  EXPECT_FALSE(is_proxied("https://sub.a.example/", "*.a.example"));
  EXPECT_FALSE(is_proxied("https://a.example:8443/", "a.example:8443"));
  EXPECT_TRUE(is_proxied("https://a.example:8443/", "a.example:443"));
  EXPECT_FALSE(is_proxied("https://a.example/", "a.example:443"));
  EXPECT_TRUE(is_proxied("https://a.example/", " ,,:443,"));
}

TEST(Proxy, NoProxyNamesAddressesAndNetworks) {
  EXPECT_FALSE(is_proxied("https://10.1.2.3/", "10.0.0.0/8"));
  EXPECT_TRUE(is_proxied("https://11.1.2.3/", "10.0.0.0/8"));
  EXPECT_FALSE(is_proxied("https://192.0.2.1/", "192.0.2.1"));
  EXPECT_FALSE(is_proxied("https://192.0.2.1:5000/", "192.0.2.1:5000"));
  EXPECT_TRUE(is_proxied("https://192.0.2.1:5001/", "192.0.2.1:5000"));
  EXPECT_FALSE(is_proxied("https://[2001:db8::1]/", "2001:db8::/32"));
  EXPECT_FALSE(is_proxied("https://[2001:db8::1]/", "2001:db8::1"));
  EXPECT_FALSE(is_proxied("https://[2001:db8::1]:5000/", "[2001:db8::1]:5000"));
  EXPECT_TRUE(is_proxied("https://a.example/", "10.0.0.0/8,nonsense/99"));
}

TEST(Proxy, IsRead) {
  struct row {
    const char* setting;
    const char* name;
    const char* url;
  };
  for (const auto& [setting, name, url] : {
           row{"http://proxy.corp:3128", "proxy.corp:3128", "http://proxy.corp:3128"},
           row{"http://proxy.corp", "proxy.corp:80", "http://proxy.corp:80"},
           row{"https://proxy.corp/", "proxy.corp:443", "https://proxy.corp:443"},
           row{"proxy.corp:3128", "proxy.corp:3128", "http://proxy.corp:3128"},
           row{"http://[::1]:3128", "[::1]:3128", "http://[::1]:3128"},
           row{"http://me:pa%40ss@proxy.corp:3128", "proxy.corp:3128", "http://me:pa%40ss@proxy.corp:3128"},
       }) {
    const auto p = parse_proxy(setting);
    ASSERT_TRUE(p) << setting << ": " << p.error().message;
    EXPECT_EQ(p->name, name) << setting;
    EXPECT_EQ(p->url.reveal(), url) << setting;
    EXPECT_EQ(p->is_https, std::string_view(url).starts_with("https")) << setting;
  }
}

TEST(Proxy, ThatIsNoneIsSaidWithoutItsPassword) {
  for (const char* setting : {"http://me:hidden@", "http://me:hidden@proxy:99999", "socks5://me:hidden@proxy:1080",
                              "ftp://proxy", "http://me:hidden@a b"}) {
    const auto p = parse_proxy(setting);
    ASSERT_FALSE(p) << setting;
    EXPECT_EQ(p.error().code, error_code::invalid_input);
    EXPECT_EQ(p.error().message.find("hidden"), std::string::npos) << p.error().message;
  }
}

// Before a request needs it, by the name of its variable.
TEST(Proxy, WithLettersThatDnsDoesNotHaveIsRefused) {
  for (const char* setting :
       {"http://prøxy.example:3128", "https://user:pw@münchen.example", "http://pr%C3%B8xy.example"}) {
    const auto p = parse_proxy(setting);
    ASSERT_FALSE(p) << setting;
    EXPECT_EQ(p.error().code, error_code::invalid_input);
    EXPECT_NE(p.error().message.find("xn--"), std::string::npos) << p.error().message;
    EXPECT_EQ(p.error().message.find("pw"), std::string::npos) << p.error().message;
  }
  EXPECT_TRUE(parse_proxy("http://xn--prxy-ira.example:3128"));
}

TEST(Proxy, IsCheckedAtTheStart) {
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({"http://proxy:3128", "proxy.corp", "*,not a host"}));
  for (const char* setting : {"::::", "http://", "socks5://me:hidden@proxy:1080", "http://proxy:port"}) {
    const auto https = check({.http = {}, .https = setting, .no_proxy = {}});
    ASSERT_FALSE(https) << setting;
    EXPECT_EQ(https.error().code, error_code::invalid_input);
    EXPECT_TRUE(https.error().message.starts_with("HTTPS_PROXY (or https_proxy): ")) << https.error().message;
    EXPECT_EQ(https.error().message.find("hidden"), std::string::npos);
    const auto http = check({.http = setting, .https = "http://proxy:3128", .no_proxy = {}});
    ASSERT_FALSE(http) << setting;
    EXPECT_TRUE(http.error().message.starts_with("HTTP_PROXY (or http_proxy): ")) << http.error().message;
  }
}

}  // namespace
}  // namespace pinhook::http
