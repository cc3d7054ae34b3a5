#include <pinhook/registry/auth_flow.hpp>

#include <pinhook/http/retry.hpp>
#include <pinhook/registry/authorization.hpp>
#include <pinhook/registry/cloud_hosts.hpp>
#include <pinhook/registry/error_body.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::registry {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

std::optional<auth_choice> read_choice(const http::response& r, const web_url& request_url) {
  return choose_challenge(parse_challenges(http::find_headers(r.headers, "WWW-Authenticate")), request_url);
}

// Bytes of a challenge's scope: it becomes part of a URL and of a cache key.
constexpr std::size_t max_scope = 1024;

bool same_place(const auth_choice& a, const auth_choice& b) {
  return a.is_bearer() == b.is_bearer() && (!a.is_bearer() || a.realm->text() == b.realm->text()) &&
         a.service == b.service;
}

struct scope_parts {
  std::string_view resource;  // "repository:library/nginx"
  std::string_view actions;   // "pull,push"
};

scope_parts split_scope(std::string_view scope) {
  const auto colon = scope.rfind(':');
  if (colon == std::string_view::npos) return {scope, {}};
  return {scope.substr(0, colon), scope.substr(colon + 1)};
}

}  // namespace

std::string pull_scope(std::string_view repository) { return fmt::format("repository:{}:pull", repository); }

bool scope_covers(std::string_view granted, std::string_view requested) {
  const scope_parts have = split_scope(granted);
  const scope_parts want = split_scope(requested);
  if (have.resource != want.resource) return false;
  for (std::string_view rest = have.actions; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == want.actions) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

auth_flow::auth_flow(auth_target target, registry::credential credential, challenge_cache& challenges,
                     token_cache& tokens, wall_time now)
    : target_(std::move(target)),
      credential_(std::move(credential)),
      challenges_(challenges),
      tokens_(tokens),
      now_(now) {
  // The credentials belong to the registry that the user named.
  if (target_.redirected) credential_ = {};
}

auth_action auth_flow::next(const auth_event& event) {
  return std::visit(overloaded{[&](const auth_started&) { return start(); },
                               [&](const auth_answered& e) { return on_answer(e.response); },
                               [&](const auth_pinged& e) { return on_ping(e.response); },
                               [&](const auth_token& e) { return on_token(e); }},
                    event);
}

challenge_key auth_flow::memory_key() const { return {target_.url.where().to_string(), credential_.identity}; }

std::string auth_flow::own_scope() const {
  return target_.repository.empty() ? std::string() : pull_scope(target_.repository);
}

auth_action auth_flow::start() {
  if (auto fault = cloud_fault()) return std::move(*fault);
  if (credential_.kind == credential_kind::registry_token) {
    authorization_ = authorization::registry_token;
    return send_request{bearer_authorization(credential_.secret)};
  }
  if (const remembered_challenge* known = challenges_.find(memory_key())) {
    remembered_ = true;
    auto action = use(known->choice, known->from_public_network);
    if (!std::holds_alternative<error>(action)) return action;
    // The remembered challenge is of no use for this request: the registry is asked for a new one.
    return probe_again();
  }
  if (credential_.kind == credential_kind::basic && is_ecr_private(target_.url.where().host)) return send_basic();
  return send_anonymous();
}

auth_action auth_flow::send_anonymous() {
  authorization_ = authorization::none;
  return send_request{};
}

auth_action auth_flow::send_basic() {
  authorization_ = authorization::basic;
  return send_request{basic_authorization(credential_.username, credential_.secret)};
}

auth_action auth_flow::probe_again() {
  probed_again_ = true;
  remembered_ = false;
  choice_.reset();
  challenges_.forget(memory_key());
  return send_anonymous();
}

auth_action auth_flow::on_answer(const http::response& r) {
  if (r.status == 401) return on_unauthorized(r);
  // Public ECR sends this instead of 401 when a token has expired. HEAD has no body, so only GET shows it.
  if (r.status == 400 && authorization_ == authorization::token && !refreshed_ &&
      read_error_body(r.body).has_code("DENIED")) {
    tokens_.drop(key_, token_);
    refreshed_ = true;
    return request_token();
  }
  // Private ECR sends this when the 12-hour password has expired: the code makes the caller look for newer credentials.
  if (r.status == 403 && authorization_ == authorization::basic && target_.verb != http::method::head &&
      is_ecr_private(target_.url.where().host) && !read_choice(r, target_.url)) {
    challenges_.forget(memory_key());
    error refused = std::get<error>(give_up(r));
    refused.code = error_code::unauthorized;
    refused.message += ". Passwords of ECR are valid for 12 hours: this one may have expired";
    return refused;
  }
  if (choice_) challenges_.put(memory_key(), {*choice_, from_public_network_});
  return finished{};
}

auth_action auth_flow::on_unauthorized(const http::response& r) {
  auto choice = read_choice(r, target_.url);
  switch (authorization_) {
    case authorization::registry_token:
      return give_up(r);
    case authorization::basic:
      challenges_.forget(memory_key());
      if (remembered_ && !probed_again_ && choice && choice->is_bearer()) return probe_again();
      return give_up(r);
    case authorization::token:
      return on_refused_token(r, choice);
    case authorization::none:
      break;
  }
  if (choice) return use(std::move(*choice), r.from_public_network);
  if (pinged_) return give_up(r);
  pinged_ = true;
  return send_ping{};
}

auth_action auth_flow::on_refused_token(const http::response& r, const std::optional<auth_choice>& choice) {
  tokens_.drop(key_, token_);
  if (choice) {
    // NVIDIA's registry names another realm once a token has expired, and that one refuses anonymous users: only a
    // request without Authorization gets the realm for new clients (nvidia-container-toolkit#1945).
    if (!same_place(*choice, *choice_)) return probed_again_ ? give_up(r) : probe_again();
    const bool other_scope = !choice->scope.empty() && choice->scope.size() <= max_scope && choice->scope != scope_ &&
                             (choice->error == "insufficient_scope" || !scope_covers(choice->scope, scope_));
    if (other_scope && !rescoped_) {
      rescoped_ = true;
      scope_ = choice->scope;
      return request_token();
    }
    // The token was made for this very scope a moment ago: the next one will grant no more.
    if (choice->error == "insufficient_scope" && token_is_fresh_) return give_up(r);
  }
  if (refreshed_) return give_up(r);
  refreshed_ = true;
  return request_token();
}

auth_action auth_flow::on_ping(const http::response& r) {
  // Its scope is for the catalogue, not for this repository.
  if (auto choice = read_choice(r, target_.url)) {
    choice->scope.clear();
    return use(std::move(*choice), r.from_public_network);
  }
  // The registry is in trouble, which says nothing about credentials: this is the answer.
  if (r.status == 429 || http::is_transient(r.status)) return finished{};
  return error{
      error_code::unauthorized,
      fmt::format("registry {} requires credentials for repository {} and does not say of which kind (401 without "
                  "a usable WWW-Authenticate; /v2/ answered {} without one as well)",
                  target_.registry, quoted(target_.repository), r.status),
      std::nullopt};
}

auth_action auth_flow::use(auth_choice choice, bool from_public_network) {
  choice_ = std::move(choice);
  from_public_network_ = from_public_network;
  if (!choice_->is_bearer()) {
    // ECR's public registries accept Basic only at their token server and answer 400 to it elsewhere; no manifest needs
    // it.
    if (is_ecr_public(target_.url.where().host))
      return error{error_code::unauthorized,
                   fmt::format("registry {} requires a user name and password, which its manifests never need",
                               target_.registry),
                   std::nullopt};
    if (credential_.kind == credential_kind::basic) return send_basic();
    const std::string lacking =
        credential_.kind == credential_kind::anonymous
            ? "and none are known"
            : fmt::format("and the known ones ({}) are an identity token, which it cannot use", credential_.source);
    return error{error_code::unauthorized,
                 fmt::format("registry {} requires a user name and password for repository {}, {}", target_.registry,
                             quoted(target_.repository), lacking),
                 std::nullopt};
  }
  if (auto fault = realm_fault(*choice_)) return std::move(*fault);
  scope_ = own_scope();
  if (scope_.empty() && choice_->scope.size() <= max_scope) scope_ = choice_->scope;
  return request_token();
}

auth_action auth_flow::request_token() {
  const origin& registry = target_.url.where();
  const origin& realm = choice_->realm->where();
  key_ = {registry.to_string(), choice_->realm->text(), choice_->service, scope_, credential_.identity};
  // This realm has just refused: a second request to it within one flow gains nothing.
  if (token_error_ && probed_again_ && token_error_key_ == key_) return *token_error_;
  token_request request{key_, *choice_->realm, realm_reach(), {}, target_.registry, target_.repository};
  const bool is_own = realm.host == registry.host;
  if (realm.scheme == "https") request.tls = is_own ? target_.tls : target_.tls_elsewhere;
  if (realm == registry) request.headers = target_.headers;
  return get_token{std::move(request)};
}

auth_action auth_flow::on_token(const auth_token& event) {
  if (event.token) {
    token_ = *event.token;
    token_is_fresh_ = event.fresh;
    authorization_ = authorization::token;
    return send_request{bearer_authorization(token_)};
  }
  const error& e = event.token.error();
  const bool realm_may_be_old =
      remembered_ && !probed_again_ && (!is_temporary(e.code) || e.code == error_code::malformed);
  if (!realm_may_be_old) return e;
  token_error_ = e;
  token_error_key_ = key_;
  return probe_again();
}

auth_action auth_flow::give_up(const http::response& r) const {
  return from_status(
      {fmt::format("registry {}", target_.registry), fmt::format("repository {}", quoted(target_.repository)),
       credential_.kind == credential_kind::anonymous ? "" : credential_.source},
      r, now_);
}

bool auth_flow::is_listed(const origin& realm) const {
  return std::any_of(target_.realm_hosts.begin(), target_.realm_hosts.end(), [&](const std::string& entry) {
    return entry == realm.host || entry == fmt::format("{}:{}", realm.host, realm.port);
  });
}

// A credential that a cloud made goes to that cloud alone, even where a registry's name deceived a source.
std::optional<error> auth_flow::cloud_fault() const {
  const origin& registry = target_.url.where();
  if (!credential_.cloud_minted || (registry.scheme == "https" && takes_cloud_credentials(registry.host)))
    return std::nullopt;
  return error{error_code::denied,
               fmt::format("registry {} is not sent the credential of {}: it is not that cloud's registry",
                           target_.registry, credential_.source),
               std::nullopt};
}

std::optional<error> auth_flow::denied_realm(const origin& realm) const {
  auto refused = target_.rules->refusal_of_host(realm.authority());
  if (!refused) return std::nullopt;
  return std::move(*refused).at(fmt::format("registry {} requires tokens from another host", target_.registry));
}

// The hosts that may receive credentials. A realm on another host is normal (Docker Hub, GitLab, NVCR, Red Hat), so it
// cannot be compared with the registry; yet a registry may name any realm. CVE-2020-15157 (containerd), CVE-2026-33540
// (distribution), CVE-2026-24845, CVE-2026-33990 and CVE-2026-48978 (oras-go) are of this kind.
std::optional<error> auth_flow::realm_fault(const auth_choice& choice) const {
  const origin& registry = target_.url.where();
  const origin& realm = choice.realm->where();
  std::string_view reason;
  if (realm.scheme != "https" && !(target_.plain_http && registry.scheme == "http" && realm.host == registry.host))
    reason = "it is not HTTPS";
  else if (!target_.realm_hosts.empty() && !is_listed(realm) && realm != registry)
    reason = "it is not among the realm hosts configured for this registry";
  else if (target_.realm_hosts.empty() && keeps_tokens_at_home(registry.host) && realm != registry)
    reason = "this cloud's registries hand out their tokens themselves";
  else if (credential_.cloud_minted && realm != registry && !is_listed(realm))
    reason = "the credential is a cloud's, whose registries hand out their tokens themselves";
  else if (target_.rules != nullptr)
    return denied_realm(realm);
  else
    return std::nullopt;
  return error{error_code::denied,
               fmt::format("registry {} requires tokens from {}, which is refused: {}", target_.registry,
                           quoted(fmt::format("{}://{}", realm.scheme, realm.authority())), reason),
               std::nullopt, remedy::configuration};
}

// A realm has the reach of its registry when it is the registry itself or was configured. Any other realm does not
// reach loopback, even where the registry is on this machine, and not from the public internet into a private network
// (go-containerregistry#2291; the exception for the registry itself after #2258 and #2302, where an on-premises Harbor
// was refused).
http::reach auth_flow::realm_reach() const {
  const origin& registry = target_.url.where();
  const origin& realm = choice_->realm->where();
  http::reach out = target_.reach;
  const bool vouched = (realm.host == registry.host && realm.port == registry.port) || is_listed(realm);
  if (vouched) return out;
  out.loopback = out.loopback && target_.is_named && target_.is_named(realm);
  if (from_public_network_) out.private_networks = false;
  return out;
}

}  // namespace pinhook::registry
