// The handshake that gets one request answered: send it, be challenged, fetch a token, send it again (distribution's
// docs/content/spec/auth/token.md). A resumable value without I/O: the caller carries out the action that `next`
// returns and passes the result to `next` as an event.
//
//   auth_flow flow(target, credential, challenges, tokens, now);
//   auth_action action = flow.next(auth_started{});
//   // send_request → auth_answered · send_ping → auth_pinged · get_token → auth_token · finished, error: done
//
// The state is the authorization of the last request (`authorization_`) together with four marks, each of which limits
// a step to one use (`pinged_`, `refreshed_`, `rescoped_`, `probed_again_`). The first row that fits counts. "choose"
// and "probe" are the rows at the end.
//
//   state           event                                          action                              next state
//   --------------  ---------------------------------------------  ----------------------------------  --------------
//   (start)         cloud-made credential, foreign registry        error denied                        -
//                   registry token                                 send_request with Bearer            registry_token
//                   a remembered challenge                         choose; if that fails: probe        see choose
//                   basic credential, private ECR                  send_request with Basic             basic
//                   otherwise                                      send_request                        none
//   none            401 with a usable challenge                    choose                              see choose
//                   401 without one, not pinged                    send_ping                           (pinged)
//                   401 without one, pinged                        error of the 401                    -
//   (pinged)        /v2/ has a usable challenge                    choose, without its scope           see choose
//                   429, 408, 499 or 5xx of /v2/                   finished                            -
//                   /v2/ has none                                  error unauthorized                  -
//   registry_token  401                                            error of the 401                    -
//   basic           401 with Bearer, choice remembered, not probed probe                               none
//                   any other 401                                  error of the 401                    -
//                   403 of private ECR to GET, no challenge        error unauthorized                  -
//   token           401 that names another realm or service        probe; if probed: error             none
//                   401 that needs another scope, not rescoped     get_token with that scope           (token wanted)
//                   401 insufficient_scope, token just fetched     error of the 401                    -
//                   any other 401, not refreshed                   get_token                           (token wanted)
//                   400 with code DENIED, not refreshed            get_token                           (token wanted)
//                   401 otherwise                                  error of the 401                    -
//   (token wanted)  the token                                      send_request with Bearer            token
//                   its error, choice remembered, not probed, and
//                     the error is lasting or malformed            probe                               none
//                   any other error                                that error                          -
//   any             any other response                             finished; remembers the choice      -
//
//   probe           once a flow                                    forget the challenge, send_request  none
//
//   choose          Basic of public ECR                            error unauthorized                  -
//                   Basic, credential is basic                     send_request with Basic             basic
//                   Basic, any other credential                    error unauthorized                  -
//                   Bearer, the realm must not get credentials     error denied                        -
//                   Bearer, the error of this realm is known       that error                          -
//                   Bearer                                         get_token                           (token wanted)
//
// One flow serves one request; it ends after a bounded number of steps whatever the peer sends. It reads and writes the
// two caches, which belong to the same thread.
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

/// The request's target, and the rules for it.
struct auth_target {
  /// The name that users know: "docker.io".
  std::string registry;
  /// The request's own URL.
  web_url url;
  std::string repository;
  http::method verb = http::method::head;
  /// True where HTTP is configured or the name is loopback: the realm on the same host may be HTTP too.
  bool plain_http = false;
  http::reach reach = {};
  std::shared_ptr<const http::tls_settings> tls = {};
  /// TLS settings for a realm on another host.
  std::shared_ptr<const http::tls_settings> tls_elsewhere = {};
  /// host_settings::realm_hosts.
  std::vector<std::string> realm_hosts = {};
  /// A host that another one redirected to: the user did not name it, so it never receives credentials.
  bool redirected = false;
  /// Sent to a realm on the registry's own host, and to no other.
  http::headers headers = {};
  /// A denied host cannot be a realm either. Null: no rules.
  const access_rules* rules = nullptr;
  /// Tells whether the configuration lists that host among the registries. Null: none is listed.
  std::function<bool(const origin&)> is_named = nullptr;
};

struct send_request {
  std::optional<secret> authorization;
};
/// GET /v2/ without Authorization.
struct send_ping {};
/// The token comes from the cache or from a token_flow.
struct get_token {
  token_request request;
};
/// The last response is the answer; it need not be a success.
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
  /// False when the cache held it.
  bool fresh = true;
};
using auth_event = std::variant<auth_started, auth_answered, auth_pinged, auth_token>;

class auth_flow {
 public:
  auth_flow(auth_target target, registry::credential credential, challenge_cache& challenges, token_cache& tokens,
            wall_time now);

  /// Errors: unauthorized (the registry requires credentials and there are none, or it refused them; no usable
  /// challenge), denied (a realm that must not receive credentials), and those of the token.
  [[nodiscard]] auth_action next(const auth_event& event);

 private:
  // The authorization that the last request carried.
  enum class authorization : std::uint8_t { none, basic, token, registry_token };

  auth_action start();
  auth_action on_answer(const http::response& r);
  auth_action on_unauthorized(const http::response& r);
  auth_action on_refused_token(const http::response& r, const std::optional<auth_choice>& choice);
  auth_action on_ping(const http::response& r);
  auth_action on_token(const auth_token& event);

  auth_action use(auth_choice choice, bool from_public_network);
  auth_action send_anonymous();
  auth_action send_basic();
  auth_action request_token();
  // Sends the same request once more without Authorization, to get the challenge that is valid now.
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
  registry::credential credential_;
  challenge_cache& challenges_;
  token_cache& tokens_;
  wall_time now_;

  authorization authorization_ = authorization::none;
  std::optional<auth_choice> choice_;  // the challenge that is followed
  bool from_public_network_ = false;   // the response with that challenge came from there
  bool remembered_ = false;            // choice_ came from the cache, not from this exchange
  std::string scope_;
  token_key key_;
  secret token_;
  bool token_is_fresh_ = false;
  std::optional<error> token_error_;  // the error of the remembered challenge's realm, and of which token
  token_key token_error_key_;

  // Each happens once at most, which bounds the flow.
  bool pinged_ = false;
  bool refreshed_ = false;
  bool rescoped_ = false;
  bool probed_again_ = false;
};

/// "repository:<path>:pull"
[[nodiscard]] std::string pull_scope(std::string_view repository);

/// True when `granted` contains every action of `requested` for the same resource: they differ in extra actions alone.
[[nodiscard]] bool scope_covers(std::string_view granted, std::string_view requested);

}  // namespace pinhook::registry
