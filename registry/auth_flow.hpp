// The handshake that gets one request answered: send it, be challenged, fetch a token, send it again (registry.md §3).
// A resumable value without I/O: the caller does what `next` says and comes back with what happened.
//
//   auth_flow flow(target, who, challenges, tokens);
//   auth_action action = flow.next(auth_started{});
//   // send_request → auth_answered · send_ping → auth_pinged · get_token → auth_token · finished, error: done
//
// One flow a request; it ends after a bounded number of steps whatever the peer says. It reads and writes the two
// caches, which belong to the same thread.
#pragma once

#include <pinhook/http/message.hpp>
#include <pinhook/registry/access_rules.hpp>
#include <pinhook/registry/challenge.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/token_cache.hpp>
#include <pinhook/registry/token_flow.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pinhook::registry {

/// Who is asked, and the rules for it.
struct auth_target {
  /// As people know it: "docker.io".
  std::string registry;
  /// The request's own URL.
  web_url url;
  std::string repository;
  http::method verb = http::method::head;
  /// True where HTTP was configured, or the name is loopback: its realm on the same host may be HTTP too.
  bool plain_http = false;
  http::reach reach = {};
  std::shared_ptr<const http::tls_settings> tls = {};
  /// For a realm on another host.
  std::shared_ptr<const http::tls_settings> tls_elsewhere = {};
  /// host_settings::realm_hosts.
  std::vector<std::string> realm_hosts = {};
  /// A host that another one redirected to: it was not named by the user and never sees credentials.
  bool redirected = false;
  /// Sent to a realm on the registry's own host, and to no other.
  http::headers headers = {};
  /// Hosts that are denied are no realms either. Null: none.
  const access_rules* rules = nullptr;
  /// Whether the configuration names that host, as it names registries. Null: none.
  std::function<bool(const origin&)> is_named = nullptr;
};

struct send_request {
  std::optional<secret> authorization;
};
/// GET /v2/ without Authorization.
struct send_ping {};
/// From the cache, or by a token_flow.
struct get_token {
  token_request request;
};
/// The response at hand is the answer; it need not be a success.
struct finished {};
using auth_action = std::variant<send_request, send_ping, get_token, finished, error>;

struct auth_started {};
struct auth_answered {
  const http::response& response;
};
struct auth_pinged {
  const http::response& response;
};
struct auth_token {
  result<secret> token;
  /// False when it came out of the cache.
  bool fresh = true;
};
using auth_event = std::variant<auth_started, auth_answered, auth_pinged, auth_token>;

class auth_flow {
 public:
  auth_flow(auth_target target, credential who, challenge_cache& challenges, token_cache& tokens, wall_time now);

  /// Errors: unauthorized (credentials wanted that we lack, or that were refused; no usable challenge), denied (a realm
  /// that may not have credentials), and those of the token.
  [[nodiscard]] auth_action next(const auth_event& what);

 private:
  enum class shown : std::uint8_t { nothing, basic, token, registry_token };

  auth_action start();
  auth_action on_answer(const http::response& r);
  auth_action on_unauthorized(const http::response& r);
  auth_action on_refused_token(const http::response& r, const std::optional<auth_choice>& choice);
  auth_action on_ping(const http::response& r);
  auth_action on_token(const auth_token& got);

  auth_action use(auth_choice choice, bool from_public_network);
  auth_action show_nothing();
  auth_action show_basic();
  auth_action ask_token();
  // The same request once more without Authorization, to hear the challenge that holds now.
  auth_action probe_again();
  auth_action give_up(const http::response& r) const;
  [[nodiscard]] std::optional<error> cloud_fault() const;
  [[nodiscard]] std::optional<error> denied_realm(const origin& realm) const;
  [[nodiscard]] std::optional<error> realm_fault(const auth_choice& choice) const;
  [[nodiscard]] http::reach realm_reach() const;
  [[nodiscard]] bool is_listed(const origin& realm) const;
  [[nodiscard]] std::string own_scope() const;
  [[nodiscard]] challenge_key memory_key() const;

  auth_target target_;
  credential who_;
  challenge_cache& challenges_;
  token_cache& tokens_;
  wall_time now_;

  shown shown_ = shown::nothing;
  std::optional<auth_choice> choice_;  // what we follow
  bool from_public_network_ = false;   // whether the one that made the choice's challenge stands there
  bool remembered_ = false;            // choice_ came from the cache, not from this exchange
  std::string scope_;
  token_key key_;
  secret token_;
  bool token_is_fresh_ = false;
  std::optional<error> token_error_;  // what the remembered challenge's realm said, and to which question
  token_key token_error_key_;

  // Each happens once at most: this is what bounds the flow.
  bool pinged_ = false;
  bool refreshed_ = false;
  bool rescoped_ = false;
  bool probed_again_ = false;
};

/// "repository:<path>:pull"
[[nodiscard]] std::string pull_scope(std::string_view repository);

/// True when everything in `asked` is in `granted` for the same resource: they differ in extra actions alone.
[[nodiscard]] bool scope_covers(std::string_view granted, std::string_view asked);

}  // namespace pinhook::registry
