#include <pinhook/registry/token_flow.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/registry/authorization.hpp>
#include <pinhook/registry/error_body.hpp>
#include <pinhook/registry/redirect.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinhook::registry {
namespace {

void add_parameter(std::string& to, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!to.empty() && to.back() != '?' && to.back() != '&') to += '&';
  to += name;
  to += '=';
  to += percent_encoded(value);
}

// The statuses of servers without POST, or that answer as if without: GCR and Gitea 404, Artifactory 401, ACR 400.
bool may_lack_post(int status) {
  constexpr std::array statuses{400, 401, 404, 405};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

}  // namespace

token_flow::token_flow(token_request request, registry::credential credential, wall_time now)
    : request_(std::move(request)), credential_(std::move(credential)), now_(now) {}

std::string token_flow::where() const {
  const std::string realm = request_.realm.where().authority();
  return realm == request_.registry ? fmt::format("registry {}", request_.registry)
                                    : fmt::format("{}, the token server of registry {},", realm, request_.registry);
}

http::request token_flow::base(std::string url) const {
  http::request r;
  r.url = std::move(url);
  // Without it Artifactory answers 406.
  r.headers.push_back({"Accept", "application/json"});
  for (const auto& one : request_.headers) add_configured(r, one);
  r.reach = request_.reach;
  r.tls = request_.tls;
  return r;
}

http::request token_flow::by_get(std::string_view user) const {
  std::string url = request_.realm.text();
  if (!request_.realm.has_query()) url += '?';
  add_parameter(url, "service", request_.key.service);
  add_parameter(url, "scope", request_.key.scope);
  if (url.ends_with('?')) url.pop_back();
  http::request r = base(std::move(url));
  if (credential_.kind == credential_kind::basic || credential_.kind == credential_kind::identity_token)
    r.authorization = basic_authorization(user, credential_.secret);
  return r;
}

http::request token_flow::by_post() const {
  std::string form = "grant_type=refresh_token";
  add_parameter(form, "service", request_.key.service);
  add_parameter(form, "client_id", oauth_client_id);
  add_parameter(form, "scope", request_.key.scope);
  add_parameter(form, "refresh_token", credential_.secret.reveal());
  http::request r = base(request_.realm.text());
  r.verb = http::method::post;
  r.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  r.body = secret(std::move(form));
  return r;
}

token_step token_flow::start() {
  if (credential_.kind != credential_kind::identity_token) return by_get(credential_.username);
  posted_ = true;
  return by_post();
}

token_step token_flow::next(const result<http::response>& outcome) {
  if (!outcome) return outcome.error().at(fmt::format("asking {} for a token", where()));
  if (outcome->status == 200) {
    auto token = parse_token(outcome->body);
    if (token) return std::move(*token);
    return std::move(token).error().at(fmt::format("the answer of {} to a request for a token", where()));
  }
  error refusal = refused(*outcome);
  if (posted_ && !refused_post_ && may_lack_post(outcome->status)) {
    refused_post_ = std::move(refusal);
    // "<token>" is the user name under which credential helpers hand out identity tokens.
    return by_get(credential_.username.empty() ? "<token>" : credential_.username);
  }
  if (refused_post_ && !is_temporary(refusal.code)) return *refused_post_;
  return refusal;
}

error token_flow::refused(const http::response& r) const {
  if (is_redirect(r.status))
    return {
        error_code::malformed,
        fmt::format("{} redirects requests for a token ({}), which is not followed: credentials would be sent along",
                    where(), r.status),
        std::nullopt};
  const std::string subject =
      request_.repository.empty() ? std::string("it") : fmt::format("repository {}", quoted(request_.repository));
  return from_status({where(), subject, credential_.kind == credential_kind::anonymous ? "" : credential_.source, true},
                     r, now_);
}

result<granted_token> parse_token(std::string_view body) {
  const auto parsed = json::parse(body, {.depth = 32, .size = std::size_t{64} * 1024});
  if (!parsed) return fail(parsed.error());
  // The two must agree where both are present; OAuth's name is the newer one.
  auto token = json::find_string(*parsed, "access_token");
  if (!token || token->empty()) token = json::find_string(*parsed, "token");
  if (!token || token->empty()) return fail(error_code::malformed, "it holds neither \"access_token\" nor \"token\"");
  if (token->size() > max_token_size)
    return fail(error_code::malformed,
                fmt::format("a token of {} bytes; the limit is {}", token->size(), max_token_size));
  if (!std::all_of(token->begin(), token->end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return fail(error_code::malformed, "a token with characters that are invalid in a header");
  const auto seconds =
      std::clamp<std::int64_t>(json::find_integer(*parsed, "expires_in").value_or(0),
                               token_cache::least_lifetime.count(), token_cache::most_lifetime.count());
  return granted_token{secret(std::string(*token)), std::chrono::seconds(seconds)};
}

}  // namespace pinhook::registry
