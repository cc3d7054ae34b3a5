// The longest way to a digest: a request without credentials is refused without a challenge, the ping names a realm on
// another host, HEAD has no digest, and GET is redirected to a third host.
//
//   net.at(host).otherwise([](const recorded_request& r) { return healthy_answer("one.example", r); });
//
// Pure values; any thread.
#pragma once

#include "support/registry_world.hpp"

#include <array>
#include <string>
#include <string_view>

namespace pinhook::testing {

inline constexpr std::array<const char*, 3> hosts_of_way{"one.example", "auth.example", "cdn.example"};

struct way_step {
  const char* name;
  const char* host;
  const char* method;
  const char* path;
  bool has_authorization;

  [[nodiscard]] bool is_that(std::string_view to, std::string_view by, std::string_view at, bool shown) const {
    return to == host && by == method && at == path && shown == has_authorization;
  }
};

inline constexpr std::array<way_step, 6> way_steps{{
    {"first_head", "one.example", "HEAD", "/v2/a/manifests/1", false},
    {"ping", "one.example", "GET", "/v2/", false},
    {"token", "auth.example", "GET", "/token", false},
    {"head", "one.example", "HEAD", "/v2/a/manifests/1", true},
    {"get", "one.example", "GET", "/v2/a/manifests/1", true},
    {"redirected_get", "cdn.example", "GET", "/m", false},
}};

inline reply healthy_answer(std::string_view host, const recorded_request& r) {
  if (host == "auth.example") return token_reply(R"({"token":"token-1"})");
  if (host == "cdn.example") return without_digest(manifest_reply());
  if (r.path() == "/v2/") return challenge("Bearer realm=\"https://auth.example/token\",service=\"s\"");
  if (r.header("Authorization") != "Bearer token-1") return refusal(401, "UNAUTHORIZED");
  if (r.method == "HEAD") return without_digest(manifest_reply());
  return {.status = 307, .headers = {{"Location", "https://cdn.example/m"}}};
}

}  // namespace pinhook::testing
