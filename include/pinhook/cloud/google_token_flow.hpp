// The steps to one access token of Google: files to read and requests to send, decided one by one. A resumable value
// without I/O:
//
//   google_token_flow flow(environment);
//   google_step step = flow.start();
//   // google_read → file_read · google_send → answered · access_token, error: done
//
// The configuration decides the identity. GOOGLE_APPLICATION_CREDENTIALS set: the principal of that file and no other,
// after any failure. Unset: the metadata server's default service account (GCE, GKE, Workload Identity of GKE), at
// GCE_METADATA_HOST or 169.254.169.254 (no name: a search domain could answer to that).
//
// One thread at a time.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/google_principal.hpp>
#include <pinhook/cloud/oauth.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace pinhook::cloud {

inline constexpr std::string_view google_scope = "https://www.googleapis.com/auth/cloud-platform";
/// Key files and users get their tokens always here, never at the "token_uri" of a file.
inline constexpr std::string_view google_token_url = "https://oauth2.googleapis.com/token";

struct google_read {
  std::string file;
  /// Bytes; more is a failure.
  std::size_t limit = 0;
};

struct google_send {
  http::request request;
  /// By the client for metadata services: never through a proxy, any address. Else by the one for public APIs.
  bool to_metadata = false;
};

using google_step = std::variant<google_read, google_send, access_token, error>;

class google_token_flow {
 public:
  explicit google_token_flow(environment variables) : variables_(std::move(variables)) {}

  [[nodiscard]] google_step start();
  [[nodiscard]] google_step file_read(const result<secret>& content, wall_time now);
  [[nodiscard]] google_step answered(const result<http::response>& outcome, wall_time now);

 private:
  enum class place : std::uint8_t { credentials, metadata, subject_file, subject_url, exchange, impersonation, grant };

  [[nodiscard]] google_step ask_metadata();
  [[nodiscard]] google_step read_metadata(const result<http::response>& outcome, wall_time now);
  [[nodiscard]] google_step use(google_principal principal, wall_time now);
  [[nodiscard]] google_step ask_subject();
  [[nodiscard]] google_step subject_is(std::string_view text);
  [[nodiscard]] google_step exchange(secret subject);
  [[nodiscard]] google_step read_exchange(const result<http::response>& outcome, wall_time now);
  [[nodiscard]] google_step read_impersonation(const result<http::response>& outcome, wall_time now);
  [[nodiscard]] google_step sign(const google_service_account& account, wall_time now);
  [[nodiscard]] google_step refresh(const google_authorized_user& user);
  [[nodiscard]] google_step failed(error e) const;

  const environment variables_;
  std::string file_;  // of the credentials
  place where_ = place::credentials;
  token_step step_;
  google_external_account external_;
  int metadata_tries_ = 0;
};

}  // namespace pinhook::cloud
