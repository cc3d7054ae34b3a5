// Reads certificates from PEM, and checks which one issued another.
//
//   const auto leaf = x509_certificate::parse(text);
//   for (const auto& authority : parse_bundle(bundle).certificates)
//     if (leaf->is_issued_by(authority)) …
//
// Nothing here makes a certificate trusted: the caller decides that. Values, cheap to copy; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct x509_st;

namespace pinhook {

/// Bytes of a PEM text that are read: the bundle of all public authorities is a quarter of that.
inline constexpr std::size_t max_bundle_size = std::size_t{1024} * 1024;
/// Certificates of it that are read: all public authorities have 150.
inline constexpr std::size_t max_bundle_certificates = 500;

class x509_certificate {
 public:
  /// The first certificate of a text; the rest is ignored. invalid_input: it has no readable one.
  [[nodiscard]] static result<x509_certificate> parse(std::string_view pem);
  /// One that OpenSSL has read already; shared, not copied.
  [[nodiscard]] static result<x509_certificate> of(x509_st& read);

  /// PEM, encoded again: equal certificates give equal texts.
  [[nodiscard]] const std::string& pem() const;
  /// SHA-256 of the certificate, 64 hexadecimal digits.
  [[nodiscard]] const std::string& fingerprint() const;
  /// Times beyond the clock's range become its first or last moment.
  [[nodiscard]] wall_time not_before() const;
  /// The last second of its validity (RFC 5280 §4.1.2.5: that is still part of it).
  [[nodiscard]] wall_time not_after() const;
  [[nodiscard]] bool is_valid_at(wall_time when) const { return not_before() <= when && when <= not_after(); }
  /// True when it may sign certificates: version 3, with CA in its basic constraints (RFC 5280 §4.2.1.9).
  [[nodiscard]] bool is_authority() const;
  /// The alternative names; verifiers check only these. Addresses are in their usual textual form.
  [[nodiscard]] const std::vector<std::string>& dns_names() const;
  [[nodiscard]] const std::vector<std::string>& addresses() const;
  [[nodiscard]] const std::vector<std::string>& uris() const;
  /// The subject's, which names a client; the last of several, as Go reads it. Empty: none.
  [[nodiscard]] const std::string& common_name() const;
  /// For OpenSSL's functions; valid as long as this value or a copy.
  [[nodiscard]] x509_st* native() const;
  /// True when `authority` is an authority, the names and key identifiers agree, and its key made the signature.
  /// Validity does not count.
  [[nodiscard]] bool is_issued_by(const x509_certificate& authority) const;
  /// False also for text that is not a private key. PEM, not encrypted.
  [[nodiscard]] bool has_key(const secret& key) const;

  /// Equal means byte for byte the same certificate.
  friend bool operator==(const x509_certificate& a, const x509_certificate& b) {
    return a.fingerprint() == b.fingerprint();
  }

 private:
  struct facts;
  explicit x509_certificate(std::shared_ptr<const facts> read) : facts_(std::move(read)) {}
  static result<x509_certificate> made_of(std::shared_ptr<x509_st> parsed);
  friend struct bundle_reader;
  std::shared_ptr<const facts> facts_;
};

struct parsed_bundle {
  /// In the order of the text.
  std::vector<x509_certificate> certificates;
  /// The number of blocks that are not a certificate or a damaged one, plus one for a text beyond the limits. Text
  /// around blocks does not count.
  std::size_t unread = 0;
};

/// The readable certificates of a text, as in Go's pool of certificates (x509.CertPool.AppendCertsFromPEM): others are
/// ignored. Nothing of a text larger than max_bundle_size; no more than max_bundle_certificates.
[[nodiscard]] parsed_bundle parse_bundle(std::string_view pem);

}  // namespace pinhook
