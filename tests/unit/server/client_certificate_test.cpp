// Certificates of clients over real connections: requested, never required by the handshake, and checked at each
// request of a connection that is kept.
#include "running_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <mutex>
#include <string>
#include <vector>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using testing::certificate_authority;
using testing::get;
using ::testing::HasSubstr;
using testing::https_client;
using testing::post;
using testing::running_server;
using testing::running_server_options;

struct ClientCertificate : ::testing::Test {
  certificate_authority authority{"ours"};
  certificate_authority other{"other"};

  // Answers verified clients alone, and says what it saw.
  static std::optional<refusal> gate(const client& from) {
    if (from.certificate == client_certificate::verified) return std::nullopt;
    const bool is_none = from.certificate == client_certificate::none;
    return refusal{403, from.address.to_string() + (is_none ? ": none" : ": " + from.fault), {}};
  }
  running_server_options options() const {
    running_server_options out;
    out.client_authorities = authority.certificate();
    out.gate = gate;
    return out;
  }
  static testing::https_client_options with(const testing::key_pair& p, int highest_version = 0) {
    return {.highest_version = highest_version, .certificate = p.certificate, .key = p.key};
  }
  static testing::key_pair client_of(const certificate_authority& by) {
    return by.issue({.common_name = "api", .usage = "clientAuth"});
  }
};

TEST_F(ClientCertificate, IsVerifiedInBothVersionsOfTls) {
  running_server s(options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto c = s.connect(with(client_of(authority), version));
    const auto r = c.ask(post("/echo", "{}"));
    ASSERT_TRUE(r) << version;
    EXPECT_EQ(r->status, 200U) << r->body;
  }
}

TEST_F(ClientCertificate, AHandshakeWithoutOneSucceedsAndTheRequestIsRefused) {
  running_server s(options());
  auto none = s.connect();
  const auto r = none.ask(post("/echo", std::string(100'000, 'x')));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 403U);
  EXPECT_EQ(r->body, "127.0.0.1: none\n");
  auto wrong = s.connect(with(client_of(other)));
  const auto w = wrong.ask(post("/echo", "{}"));
  ASSERT_TRUE(w);
  EXPECT_EQ(w->status, 403U);
  EXPECT_EQ(w->body, "127.0.0.1: none of the authorities has signed it\n");
  EXPECT_EQ(wrong.ask(get("/nowhere"))->status, 404U) << "a small refused request leaves the connection open";
}

TEST_F(ClientCertificate, AConnectionThatIsKeptIsCheckedAgain) {
  running_server s(options());
  auto c = s.connect(with(client_of(authority)));
  EXPECT_EQ(c.ask(post("/echo", "{}"))->status, 200U);
  // Others may sign from now on, and then both.
  ASSERT_TRUE(s.tls.set_client_authorities(other.certificate(), "ca"));
  EXPECT_EQ(c.ask(post("/echo", "{}"))->status, 403U);
  ASSERT_TRUE(s.tls.set_client_authorities(other.certificate() + authority.certificate(), "ca"));
  EXPECT_EQ(c.ask(post("/echo", "{}"))->status, 200U);
  EXPECT_FALSE(s.tls.set_client_authorities("nothing", "ca"));
  EXPECT_EQ(c.ask(post("/echo", "{}"))->status, 200U) << "the old ones stay";
  s.time.set_wall(25h);
  const auto r = c.ask(post("/echo", "{}"));
  EXPECT_EQ(r->status, 403U);
  EXPECT_THAT(r->body, HasSubstr("it has expired"));
}

TEST_F(ClientCertificate, NoTicketCarriesAnOlderCheck) {
  running_server s(options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto first = s.connect(with(client_of(authority), version));
    EXPECT_EQ(first.ask(post("/echo", "{}"))->status, 200U);
    testing::https_client_options again;
    again.highest_version = version;
    again.resumes = first.session();
    auto second = s.connect(again);
    EXPECT_FALSE(second.has_resumed());
    EXPECT_EQ(second.ask(post("/echo", "{}"))->status, 403U);
  }
}

TEST_F(ClientCertificate, IsNotRequestedWithoutAuthorities) {
  std::mutex guard;
  std::vector<client> seen;
  running_server_options o;
  o.gate = [&](const client& from) -> std::optional<refusal> {
    const std::lock_guard lock(guard);
    seen.push_back(from);
    return std::nullopt;
  };
  running_server s(std::move(o));
  auto c = s.connect(with(client_of(authority)));
  EXPECT_EQ(c.ask(post("/echo", "{}"))->status, 200U);
  EXPECT_EQ(c.ask(get("/nowhere"))->status, 404U);
  const std::lock_guard lock(guard);
  ASSERT_EQ(seen.size(), 1U) << "only requests with a route are asked about";
  EXPECT_EQ(seen[0].certificate, client_certificate::not_requested);
  EXPECT_EQ(seen[0].address.to_string(), "127.0.0.1");
}

}  // namespace
}  // namespace pinhook::server
