// Fetches one token: the requests, and the meaning of their responses (distribution's auth/token.md and auth/oauth.md).
// A resumable value without I/O:
//
//   token_flow flow(request, credential, now);
//   for (token_step step = flow.start();;) {
//     if (auto* send = std::get_if<http::request>(&step)) step = flow.next(co_await …);
//     else break;  // granted_token or error
//   }
//
// One thread at a time.
#pragma once

#include <pinhook/http/message.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/token_cache.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace pinhook::registry {

/// Bytes of a token. ECR and Azure make some of 5 KiB; the specification sets no limit.
inline constexpr std::size_t max_token_size = std::size_t{16} * 1024;

/// pinhook's client name where OAuth requires one.
inline constexpr std::string_view oauth_client_id = "pinhook";

struct token_request {
  token_key key;
  web_url realm;
  http::reach reach;
  std::shared_ptr<const http::tls_settings> tls;
  /// For messages: the registry and the repository as users know them.
  std::string registry;
  std::string repository;
  /// The headers of a route, sent when the realm is on its own host. A credential replaces an Authorization among them.
  http::headers headers = {};
};

using token_step = std::variant<http::request, granted_token, error>;

class token_flow {
 public:
  /// `credential` is sent to the realm: the caller has checked that it may be.
  token_flow(token_request request, registry::credential credential, wall_time now);

  /// GET for all credentials but identity tokens, which need POST.
  [[nodiscard]] token_step start();
  /// Errors: those of from_status; malformed: a redirect (never followed), not JSON, no token, a token too long or with
  /// characters that a header must not have.
  [[nodiscard]] token_step next(const result<http::response>& outcome);

 private:
  [[nodiscard]] http::request base(std::string url) const;
  [[nodiscard]] http::request by_get(std::string_view user) const;
  [[nodiscard]] http::request by_post() const;
  [[nodiscard]] error refused(const http::response& r) const;
  [[nodiscard]] std::string where() const;

  token_request request_;
  registry::credential credential_;
  wall_time now_;
  bool posted_ = false;
  // The error of POST when GET is tried after it: it explains more.
  std::optional<error> refused_post_;
};

/// The token of a token server's JSON. Key names are compared with case: a cloud's metadata service calls its
/// credentials "Token" (go-containerregistry PR 2291).
[[nodiscard]] result<granted_token> parse_token(std::string_view body);

}  // namespace pinhook::registry
