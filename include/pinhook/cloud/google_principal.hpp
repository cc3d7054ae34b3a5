// The process's identity at Google, from the file named by GOOGLE_APPLICATION_CREDENTIALS (google.aip.dev/auth/4110,
// 4112, 4113, 4117).
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

namespace pinhook::cloud {

/// Bytes of the file. A key file has 2.3 KiB.
inline constexpr std::size_t max_google_credentials_size = std::size_t{64} * 1024;
/// Bytes of the file or answer that holds the subject token: a projected service account token has 1 to 2 KiB.
inline constexpr std::size_t max_subject_token_size = std::size_t{16} * 1024;
inline constexpr std::size_t max_source_headers = 20;

/// The place of the token of a federated workload's own provider. Either a file or a URL.
struct google_subject_source {
  std::string file;
  std::string url;
  http::headers headers;
  /// The member of a JSON object that is the token; empty: the whole text.
  std::string json_field;
};

/// Workload identity federation.
struct google_external_account {
  std::string audience;
  std::string subject_token_type;
  std::string token_url;
  google_subject_source source;
  /// Empty: the federated token is used itself.
  std::string impersonation_url;
  std::chrono::seconds impersonation_life{3600};
};

/// A key file.
struct google_service_account {
  std::string email;
  std::string key_id;
  /// PEM, PKCS #8.
  secret private_key;
};

/// The file written by `gcloud auth application-default login`.
struct google_authorized_user {
  std::string client_id;
  secret client_secret;
  secret refresh_token;
};

using google_principal = std::variant<google_external_account, google_service_account, google_authorized_user>;

/// Key names are compared with case. Errors: invalid_input (names the field, never its content), unsupported (a type or
/// a source that is not implemented, another universe than googleapis.com).
[[nodiscard]] result<google_principal> parse_google_principal(std::string_view text);

}  // namespace pinhook::cloud
