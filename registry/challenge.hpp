// WWW-Authenticate, the header by which a server asks for credentials (RFC 9110 §11; distribution's auth/token.md;
// distribution-spec at 967efdc0). As lenient as containerd (auth/parse.go), regclient (internal/auth/auth.go),
// go-containerregistry (ping.go) and containers/image (wwwauthenticate.go) together; unlike the latter two it reads on
// after an empty value.
//
//   const auto all = parse_challenges(http::find_headers(r.headers, "WWW-Authenticate"));
//   const auto chosen = choose_challenge(all, url_of_the_request);
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/registry/web_url.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::registry {

/// Limits of a response's challenges; the rest is ignored. A real registry sends one challenge of 200 bytes; proxies
/// add Negotiate and NTLM.
inline constexpr std::size_t max_challenges = 16;
inline constexpr std::size_t max_challenge_bytes = 8192;

/// One challenge as the server wrote it.
struct challenge {
  std::string scheme;                                           // lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case, values unescaped

  /// The first value of that (lower-case) name; empty when there is none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};

/// All challenges of all lines, in order. Lenient: unreadable parts are skipped, and an unterminated quoted string ends
/// its line without a value.
[[nodiscard]] std::vector<challenge> parse_challenges(const std::vector<std::string_view>& lines);

/// The way of authentication that is chosen.
struct auth_choice {
  /// The token server of Bearer; no value for Basic.
  std::optional<web_url> realm;
  std::string service;
  std::string scope;
  std::string error;  // "invalid_token", "insufficient_scope"; mostly empty

  [[nodiscard]] bool is_bearer() const { return realm.has_value(); }
};

/// The first Bearer challenge whose realm is a URL (a relative one is resolved against `request_url`), else Basic, else
/// nothing.
[[nodiscard]] std::optional<auth_choice> choose_challenge(const std::vector<challenge>& all,
                                                          const web_url& request_url);

}  // namespace pinhook::registry
