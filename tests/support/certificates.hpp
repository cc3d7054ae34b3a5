// Certificates for tests: an authority made on the spot (ECDSA P-256) and leaves signed by it.
//
//   certificate_authority authority;
//   const key_pair leaf = authority.issue();             // localhost, 127.0.0.1, ::1; valid now
//   temporary_directory dir;
//   const auto ca_file = dir.write("ca.pem", authority.certificate());
//
// Any thread; values.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace pinhook::testing {

/// A directory of the test's own, removed with everything in it at the end.
class temporary_directory {
 public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file (replacing one of that name in one step) and gives its whole path.
  std::filesystem::path write(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

/// Both as PEM text.
struct key_pair {
  std::string certificate;
  std::string key;
};

struct leaf_options {
  std::string common_name = "localhost";
  /// DNS names, addresses and URIs ("URI:spiffe://…") the certificate is for.
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  /// Both counted from now: {-2h, -1h} is an expired certificate.
  std::chrono::seconds not_before = std::chrono::hours(-1);
  std::chrono::seconds not_after = std::chrono::hours(24);
  /// Extended key usage: "clientAuth" for a client's certificate.
  std::string usage = "serverAuth";
};

class certificate_authority {
 public:
  explicit certificate_authority(std::string common_name = "pinhook test authority");

  /// The authority's own certificate in PEM, for a client's trust.
  [[nodiscard]] const std::string& certificate() const { return certificate_; }
  /// A new key and a certificate for it, signed by this authority.
  [[nodiscard]] key_pair issue(const leaf_options& o = {}) const;
  /// A new key and a certificate signed by itself.
  [[nodiscard]] static key_pair self_signed(const leaf_options& o = {});

 private:
  std::string common_name_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string certificate_;
};

}  // namespace pinhook::testing
