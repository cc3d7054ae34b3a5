// The whole registry client against an HTTP world in memory.
#pragma once

#include "challenges.hpp"
#include "support/fake_http_client.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"

#include <pinhook/registry/client.hpp>
#include <pinhook/registry/exchange.hpp>
#include <pinhook/registry/manifest.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::registry {

using namespace std::chrono_literals;
using testing::respond;

inline const std::string oci_index = "application/vnd.oci.image.index.v1+json";
inline const std::string body = R"({"schemaVersion":2,"manifests":[]})";
inline const std::string own_digest = digest::of(body).to_string();

inline const std::string manifest_url = "https://r.example/v2/acme/api/manifests/v1";
inline const std::string head_line = "HEAD " + manifest_url;
inline const std::string get_line = "GET " + manifest_url;
inline const std::string token_query = "?service=r.example&scope=repository%3Aacme%2Fapi%3Apull";
inline const std::string token_line = "GET https://auth.example/token" + token_query;

inline const std::string elsewhere = "https://cdn.example/v2/proj/img/manifests/v1";

inline http::response manifest_head(const std::string& digest = own_digest) {
  return respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", digest}});
}
inline http::response manifest_get() { return respond(200, {{"Content-Type", oci_index}}, body); }
inline http::response token_reply(const std::string& token, int lifetime = 300) {
  return respond(200, {}, R"({"token":")" + token + R"(","expires_in":)" + std::to_string(lifetime) + "}");
}

struct recorder final : observer {
  std::vector<std::string> seen;
  void registry_request(std::string_view host, int status, std::string_view outcome,
                        std::chrono::nanoseconds) override {
    seen.push_back(std::string(host) + " " + std::to_string(status) + " " + std::string(outcome));
  }
  void token_fetched(std::string_view host, std::string_view outcome) override {
    seen.push_back(std::string(host) + " token " + std::string(outcome));
  }
  void rate_limit_remaining(std::string_view host, std::int64_t remaining) override {
    seen.push_back(std::string(host) + " remaining " + std::to_string(remaining));
  }
};

class RegistryClient : public ::testing::Test {
 protected:
  testing::fake_clock time;
  testing::fake_http_client http{time};
  recorder watch;
  client_options options;
  std::unique_ptr<client> client_;
  std::vector<std::chrono::nanoseconds> slept;

  client& made() {
    if (!client_) {
      client_ = make_client(http, options, time, &watch, passing_waits(time, &slept, 0.0));
    }
    return *client_;
  }

  result<descriptor> resolve(const std::string& ref = "r.example/acme/api:v1", credential shown = {},
                             std::chrono::seconds within = 10s) {
    auto parsed = reference::parse(ref);
    EXPECT_TRUE(parsed) << ref;
    auto work = made().resolve(*parsed, std::move(shown), deadline::after(time.now(), within));
    return testing::run(std::move(work));
  }
  // The digest, or the error's code.
  std::string ask(const std::string& ref = "r.example/acme/api:v1", credential shown = {}) {
    last = resolve(ref, std::move(shown));
    return last ? last->digest.to_string() : std::string(to_string(last.error().code));
  }
  // "host authorization" of every request, "-" for none.
  std::vector<std::string> shown() const {
    std::vector<std::string> out;
    for (const auto& r : http.requests())
      out.push_back(web_url::parse(r.url)->where().authority() + " " +
                    (r.authorization ? r.authorization->reveal() : "-"));
    return out;
  }
  // Neither the secret nor a form of it was sent to any other host, and no message holds it.
  void expect_kept(const std::string& hidden, const std::vector<std::string>& hosts) const {
    for (const auto& r : http.requests()) {
      const std::string to = web_url::parse(r.url)->where().authority();
      const bool carries = (r.authorization && r.authorization->reveal().find(hidden) != std::string::npos) ||
                           (r.body && r.body->reveal().find(hidden) != std::string::npos) ||
                           r.url.find(hidden) != std::string::npos;
      EXPECT_TRUE(!carries || std::find(hosts.begin(), hosts.end(), to) != hosts.end()) << hidden << " went to " << to;
    }
    if (!last) {
      EXPECT_EQ(last.error().message.find(hidden), std::string::npos) << last.error().message;
    }
  }
  result<descriptor> last = fail(error_code::internal, "not asked");
};

inline const std::string alice = "YWxpY2U6cGE1NXdvcmQ=";

}  // namespace pinhook::registry
