// The handshake, driven by hand: no network, no coroutine.
#pragma once

#include "challenges.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"

#include <pinhook/registry/auth_flow.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace pinhook::registry {

using testing::respond;

inline const std::string other_bearer = R"(Bearer realm="https://second.example/token",service="r.example")";

// One flow and the two caches; the flow's actions come as text.
struct drive {
  explicit drive(credential credential = {}, std::string url = "https://r.example/v2/acme/api/manifests/v1")
      : target{"r.example", *web_url::parse(url), "acme/api"}, shown(std::move(credential)) {
    target.registry = target.url.where().authority();
  }

  std::string start() {
    flow.emplace(target, shown, challenges, tokens, time.wall());
    return say(flow->next(auth_started{}));
  }
  std::string answer(const http::response& r) { return say(flow->next(auth_answered{r})); }
  std::string ping(const http::response& r) { return say(flow->next(auth_pinged{r})); }
  std::string token(std::string text, bool fresh = true) {
    tokens.put(requested.key, {secret(text), std::chrono::seconds(300)}, time.now());
    return say(flow->next(auth_token{secret(std::move(text)), fresh}));
  }
  std::string no_token(error_code code) {
    auth_token got{pinhook::fail(code, "the token server refused")};
    return say(flow->next(got));
  }

  std::string say(auth_action action) {
    if (auto* send = std::get_if<send_request>(&action))
      return send->authorization ? "send " + send->authorization->reveal() : "send";
    if (std::holds_alternative<send_ping>(action)) return "ping";
    if (auto* get = std::get_if<get_token>(&action)) {
      requested = get->request;
      return "token " + requested.key.realm + " " + requested.key.scope;
    }
    if (std::holds_alternative<finished>(action)) return "finished";
    failed = std::get<error>(action);
    return "error " + std::string(to_string(failed.code));
  }

  testing::fake_clock time;
  auth_target target;
  credential shown;
  challenge_cache challenges;
  token_cache tokens;
  std::optional<auth_flow> flow;
  token_request requested{{}, *web_url::parse("https://none.example"), {}, {}, {}, {}};
  error failed;
};

inline const std::string ask_auth = "token https://auth.example/token repository:acme/api:pull";
inline const std::string ask_second = "token https://second.example/token repository:acme/api:pull";

}  // namespace pinhook::registry
