// A token server as docker-registry trusts it (distribution's auth/token.md and auth/jwt.md): JWTs signed ES256 by a
// key whose certificate is in the header (x5c).
#pragma once

#include "support/certificates.hpp"
#include "support/scripted_server.hpp"

#include <string>
#include <string_view>

namespace pinhook::testing {

class token_server {
 public:
  /// Knows one user. Everyone may pull from repositories under "public/", the user also from the others.
  token_server(std::string user, std::string password);

  [[nodiscard]] std::string realm() const { return server_.url("/token"); }
  /// The certificate that the registry must trust.
  [[nodiscard]] const std::string& authority() const { return authority_.certificate(); }
  /// A token for `actions` ("pull,push") on a repository.
  [[nodiscard]] std::string issue(std::string_view repository, std::string_view actions) const;
  [[nodiscard]] const scripted_server& server() const { return server_; }

 private:
  [[nodiscard]] reply answer(const recorded_request& r) const;
  std::string basic_;
  certificate_authority authority_{"token authority"};
  key_pair signer_ = authority_.issue({.common_name = "token signer", .names = {"token.example"}});
  scripted_server server_;
};

/// Base 64 of RFC 4648 §4, and without padding in the alphabet of §5.
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] std::string base64url(std::string_view bytes);

}  // namespace pinhook::testing
