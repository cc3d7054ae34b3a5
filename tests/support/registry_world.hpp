// The fixture of the registry client's integration tests: the client over the real HTTP client, an internet of scripted
// servers, and the common answers of registries.
#pragma once

#include "support/named_hosts.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/registry/client.hpp>
#include <pinhook/registry/exchange.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::testing {

inline constexpr const char* oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";

inline constexpr const char* child_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// An index without a mediaType of its own, so that it fits every index type.
inline const std::string index_text = std::string(R"({"schemaVersion":2,"manifests":[{"digest":")") + child_digest +
                                      R"(","size":7,"platform":{"os":"linux","architecture":"amd64"}}]})";
/// The digest of `index_text`.
inline std::string digest() { return registry::digest::of(index_text).to_string(); }

inline reply manifest_reply(const std::string& text = index_text, const std::string& type = oci_index) {
  return {.headers = {{"Content-Type", type}, {"Docker-Content-Digest", registry::digest::of(text).to_string()}},
          .body = text};
}

inline void set_header(reply& r, std::string_view name, std::string value) {
  for (auto& [key, old] : r.headers)
    if (key == name) old = std::move(value);
}

inline reply without_digest(reply r) {
  std::erase_if(r.headers, [](const auto& h) { return h.first == "Docker-Content-Digest"; });
  return r;
}

/// distribution-spec "Error Codes".
inline reply refusal(int status, const std::string& code, const std::string& message = "") {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"("}]})"};
}

inline reply challenge(const std::string& www_authenticate) {
  auto r = refusal(401, "UNAUTHORIZED");
  r.headers.emplace_back("WWW-Authenticate", www_authenticate);
  return r;
}

inline reply token_reply(const std::string& json) {
  return {.headers = {{"Content-Type", "application/json"}}, .body = json};
}

/// The machine's clock, which a test can put forward.
class forward_clock final : public clock {
 public:
  [[nodiscard]] steady_time now() const override { return std::chrono::steady_clock::now() + ahead; }
  [[nodiscard]] wall_time wall() const override {
    return std::chrono::system_clock::now() + std::chrono::duration_cast<wall_time::duration>(ahead);
  }
  std::chrono::nanoseconds ahead{0};
};

class recording_observer final : public registry::observer {
 public:
  void registry_request(std::string_view, int, std::string_view, std::chrono::nanoseconds) override { ++requests; }
  void token_fetched(std::string_view, std::string_view outcome) override {
    ++(outcome == "ok" ? tokens : refused_tokens);
  }
  void rate_limit_remaining(std::string_view, std::int64_t left) override { remaining = left; }
  int requests = 0;
  int tokens = 0;
  int refused_tokens = 0;
  std::int64_t remaining = -1;
};

class registry_world : public ::testing::Test {
 protected:
  static constexpr const char* user = "robot$acme+puller";
  static constexpr const char* password = "pa:ss wörd";
  /// Basic of the two.
  static constexpr const char* basic_value = "Basic cm9ib3QkYWNtZStwdWxsZXI6cGE6c3Mgd8O2cmQ=";

  static registry::credential basic() {
    registry::credential c;
    c.kind = registry::credential_kind::basic;
    c.username = user;
    c.secret = secret(password);
    c.source = "config.json: one";
    c.identity = "basic-1";
    return c;
  }
  static registry::credential with(registry::credential_kind kind, const std::string& text) {
    registry::credential c;
    c.kind = kind;
    c.secret = secret(text);
    c.source = "config.json: one";
    c.identity = "identity-" + text;
    return c;
  }

  registry::client& client() {
    if (!client_) {
      wait_seams seams;
      // Waits between tries are decided elsewhere; here they take no time.
      seams.sleep = [](std::chrono::nanoseconds) -> awaitable<void> { co_return; };
      seams.random = [] { return 0.5; };
      client_ = registry::make_client(net, options, time, &watch, std::move(seams));
    }
    return *client_;
  }

  /// A client that remembers nothing and has `options` as they are now.
  void restart() { client_.reset(); }

  result<registry::descriptor> resolve(const std::string& reference, registry::credential credential = {},
                                       std::chrono::nanoseconds within = std::chrono::seconds(30)) {
    auto parsed = registry::reference::parse(reference);
    if (!parsed) return fail(parsed.error());
    auto got = run_on(io, client().resolve(*parsed, std::move(credential), deadline::after(time.now(), within)));
    EXPECT_EQ(net.client().transfers(), 0U) << "a transfer is still under way";
    return got;
  }
  /// The digest, or the error as text.
  std::string digest_of(const std::string& reference, registry::credential credential = {}) {
    const auto got = resolve(reference, std::move(credential));
    return got ? got->digest.to_string() : std::string(to_string(got.error().code)) + ": " + got.error().message;
  }
  error failure(const std::string& reference, registry::credential credential = {}) {
    const auto got = resolve(reference, std::move(credential));
    EXPECT_FALSE(got) << reference << " gave " << (got ? got->digest.to_string() : "");
    const error e = got ? error{} : got.error();
    EXPECT_EQ(e.message.find(password), std::string::npos) << "a message with a secret: " << e.message;
    return e;
  }

  /// HEAD and GET of a manifest without authentication.
  void serve(const std::string& host, const std::string& repository, const std::string& tag,
             const reply& r = manifest_reply()) {
    for (const char* method : {"HEAD", "GET"}) net.at(host).on(method, "/v2/" + repository + "/manifests/" + tag, r);
  }

  /// HEAD and GET of `path` for Basic alone.
  void protect_with_basic(const std::string& host, const std::string& path, const reply& r) {
    for (const char* method : {"HEAD", "GET"})
      net.at(host).handle(method, path, [r](const recorded_request& asked) {
        return asked.header("Authorization") == basic_value ? r : challenge("Basic realm=\"Registry\"");
      });
  }

  /// HEAD and GET of `path` for the bearer of "token-1", which the realm (https://host/path) gives to everyone.
  void protect_with_token(const std::string& host, const std::string& path, const std::string& realm, const reply& r,
                          const std::string& service = "registry") {
    protect(host, path, "Bearer realm=\"" + realm + "\",service=\"" + service + "\",scope=\"" + scope_of(path) + "\"",
            r);
    grant(realm);
  }
  void protect(const std::string& host, const std::string& path, const std::string& www_authenticate, const reply& r,
               const std::string& token = "token-1") {
    for (const char* method : {"HEAD", "GET"})
      net.at(host).handle(method, path, [=](const recorded_request& asked) {
        return asked.header("Authorization") == "Bearer " + token ? r : challenge(www_authenticate);
      });
  }
  void grant(const std::string& realm, const reply& r = token_reply(R"({"token":"token-1","expires_in":300})")) {
    constexpr std::string_view scheme = "https://";
    const auto path = realm.find('/', scheme.size());
    net.at(realm.substr(scheme.size(), path - scheme.size())).on("GET", realm.substr(path), r);
  }

  static std::string scope_of(const std::string& path) {
    const auto end = path.find("/manifests/");
    return "repository:" + path.substr(4, end - 4) + ":pull";
  }

  asio::io_context io{1};
  named_hosts net{io};
  forward_clock time;
  recording_observer watch;
  registry::client_options options;

 private:
  std::unique_ptr<registry::client> client_;
};

}  // namespace pinhook::testing
