#include <pinhook/registry/route.hpp>

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

reference ref(const std::string& text = "nginx:1") { return reference::parse(text).value(); }
mirror_setting at(std::string url) {
  mirror_setting out;
  out.url = std::move(url);
  return out;
}

TEST(Route, TheApiBeginsWhereContainerdThinks) {
  const struct {
    const char* url;
    bool override_path;
    const char* expected;
  } rows[] = {
      {"https://m.corp", false, "https://m.corp/v2"},
      {"https://m.corp/", false, "https://m.corp/v2"},
      {"m.corp:5000", false, "https://m.corp:5000/v2"},
      {"http://m.corp:5000", false, "http://m.corp:5000/v2"},
      {"https://m.corp:443/v2/", false, "https://m.corp/v2"},
      {"https://m.corp/hub", false, "https://m.corp/hub/v2"},
      {"https://m.corp//hub//x/", false, "https://m.corp/hub/x/v2"},
      {"https://m.corp/hub/v2", false, "https://m.corp/hub/v2"},
      {"https://m.corp/v2/hub", true, "https://m.corp/v2/hub"},
      {"https://m.corp/v2/hub", false, "https://m.corp/v2/hub/v2"},
      {"https://m.corp", true, "https://m.corp"},
      {"http://[::1]:5000", false, "http://[::1]:5000/v2"},
      {"HTTPS://M.Corp", false, "https://m.corp/v2"},
  };
  for (const auto& row : rows) {
    auto setting = at(row.url);
    setting.override_path = row.override_path;
    const auto got = make_route(setting, ref());
    ASSERT_TRUE(got) << row.url << ": " << got.error().message;
    EXPECT_EQ(got->base->text(), row.expected) << row.url;
    EXPECT_TRUE(got->is_named);
    EXPECT_FALSE(got->is_upstream);
    EXPECT_EQ(got->ns, "docker.io");
  }
}

TEST(Route, RefusesWhatIsNoAddress) {
  for (const char* url : {"ftp://m.corp", "https://", "https://user:pw@m.corp", "https://m.corp/a/../b",
                          "https://m.corp?x=1", "https://m.corp:99999", "https://a b"}) {
    const auto got = make_route(at(url), ref());
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().code, error_code::invalid_input) << url;
    EXPECT_EQ(got.error().message.find("the address of a mirror: "), 0U) << got.error().message;
  }
}

TEST(Route, TheRegistryItselfIsNoMirror) {
  const struct {
    const char* url;
    const char* ref;
    bool is_upstream;
  } rows[] = {
      {"https://registry-1.docker.io", "nginx", true},    {"https://docker.io", "nginx", true},
      {"https://index.docker.io", "nginx", false},        {"https://r.corp:5000", "r.corp:5000/x", true},
      {"http://r.corp:5000", "r.corp:5000/x", true},      {"https://r.corp", "r.corp:5000/x", false},
      {"https://r.corp:443", "R.corp/x", true},           {"https://evil.corp", "r.corp/x", false},
      {"https://r.corp.evil.example", "r.corp/x", false},
  };
  for (const auto& row : rows) {
    const auto got = make_route(at(row.url), ref(row.ref));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->is_upstream, row.is_upstream) << row.url << " for " << row.ref;
    EXPECT_EQ(got->ns.empty(), row.is_upstream);
    EXPECT_EQ(got->host == ref(row.ref).registry(), row.is_upstream);
  }
  const auto itself = make_route({}, ref());
  EXPECT_TRUE(itself->is_upstream);
  EXPECT_FALSE(itself->base);
  EXPECT_FALSE(itself->is_named) << "its name came with the image";
}

TEST(Route, WhatIsForTheHostAloneStaysThere) {
  auto setting = at("https://m.corp");
  setting.ca_files = {"/ca.pem"};
  auto got = make_route(setting, ref());
  EXPECT_EQ(got->tls, got->tls_elsewhere);
  ASSERT_EQ(got->tls->authorities.size(), 1U);
  EXPECT_EQ(got->tls->authorities[0].file, "/ca.pem");
  setting.skip_verify = true;
  setting.client_certificate_file = "/c.pem";
  setting.client_key_file = "/k.pem";
  got = make_route(setting, ref());
  EXPECT_FALSE(got->tls->verify);
  EXPECT_EQ(got->tls->certificate.file, "/c.pem");
  EXPECT_EQ(got->tls->key.file, "/k.pem");
  EXPECT_TRUE(got->tls_elsewhere->verify);
  EXPECT_TRUE(got->tls_elsewhere->certificate.is_empty());
  EXPECT_EQ(got->tls_elsewhere->authorities.size(), 1U);
  setting.ca_files.clear();
  EXPECT_EQ(make_route(setting, ref())->tls_elsewhere, nullptr);
}

TEST(Route, HeadersThatAreOursOrUnsafe) {
  auto setting = at("https://m.corp");
  for (const char* name : {"Host", "ACCEPT", "content-length", "Transfer-Encoding", "accept-encoding", "connection"})
    setting.headers.push_back({name, secret("x")});
  setting.headers.push_back({"X-Team", secret("t\tx \xc3\xa9")});
  const auto got = make_route(setting, ref());
  ASSERT_TRUE(got);
  ASSERT_EQ(got->headers.size(), 1U);
  EXPECT_EQ(got->headers[0].name, "X-Team");
  for (const auto& bad : {route_header{"", secret("x")}, route_header{"a b", secret("x")},
                          route_header{"a:", secret("x")}, route_header{"a\r\nb", secret("x")},
                          route_header{"a", secret("x\r\ny: z")}, route_header{"a", secret(std::string("x\0y", 3))}}) {
    auto one = at("https://m.corp");
    one.headers = {bad};
    const auto refused = make_route(one, ref());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, error_code::invalid_input);
  }
}

TEST(Routes, TheRegistryComesLastAndOnce) {
  const auto hosts = [](const result<routes>& from) {
    std::string out;
    for (const auto& one : from->in_order) out += one->host + " ";
    return out;
  };
  EXPECT_EQ(hosts(make_routes({}, {}, ref())), "docker.io ");
  EXPECT_EQ(hosts(make_routes({at("https://a"), at("https://b")}, {}, ref())), "a b docker.io ");
  EXPECT_EQ(hosts(make_routes({at("https://a"), at("https://a/")}, {}, ref())), "a docker.io ");
  EXPECT_EQ(hosts(make_routes({at("https://registry-1.docker.io"), at("https://b")}, {}, ref())), "docker.io b ");
  EXPECT_EQ(hosts(make_routes({at("https://a")}, at("https://b"), ref())), "a b ");
  EXPECT_EQ(hosts(make_routes({at("https://a/x"), at("https://a/y")}, {}, ref())), "a a docker.io ");
}

TEST(Routes, AreLimited) {
  std::vector<mirror_setting> many;
  for (std::size_t i = 0; i < max_routes + 3; ++i) many.push_back(at("https://m" + std::to_string(i)));
  const auto got = make_routes(many, {}, ref());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->in_order.size(), max_routes);
  EXPECT_EQ(got->in_order.back()->host, "docker.io");
  ASSERT_TRUE(got->trouble);
  EXPECT_EQ(got->trouble->message, "19 mirrors for docker.io; no more than 15 are used");
}

}  // namespace
}  // namespace pinhook::registry
