// Certificates that are read: what a PEM text says, and who issued whom.
//
//   const auto leaf = x509_certificate::parse(text);
//   for (const auto& authority : parse_bundle(bundle).certificates)
//     if (leaf->is_issued_by(authority)) …
//
// Nothing here says that a certificate is trusted: that is its reader's judgement. Values, cheap to copy; any thread.
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
/// Certificates of it that are read: those of all public authorities are 150.
inline constexpr std::size_t max_bundle_certificates = 500;

class x509_certificate {
 public:
  /// The first certificate of a text; what else it holds is passed over. invalid_input: it has none that can be read.
  [[nodiscard]] static result<x509_certificate> parse(std::string_view pem);

  /// PEM, written anew: equal certificates give equal texts.
  [[nodiscard]] const std::string& pem() const;
  /// SHA-256 of the certificate, 64 hexadecimal digits.
  [[nodiscard]] const std::string& fingerprint() const;
  /// As far as we can count: what lies beyond is the first or the last moment that we can.
  [[nodiscard]] wall_time not_before() const;
  /// The last second of its validity (RFC 5280 §4.1.2.5: that is still part of it).
  [[nodiscard]] wall_time not_after() const;
  [[nodiscard]] bool is_valid_at(wall_time when) const { return not_before() <= when && when <= not_after(); }
  /// It may sign certificates: version 3, basic constraints say CA (RFC 5280 §4.2.1.9).
  [[nodiscard]] bool is_authority() const;
  /// The alternative names; verifiers look at nothing else. Addresses are in their usual textual form.
  [[nodiscard]] const std::vector<std::string>& dns_names() const;
  [[nodiscard]] const std::vector<std::string>& addresses() const;
  /// `authority` is one, the names and key identifiers agree, and the signature is by its key. Validity does not count.
  [[nodiscard]] bool is_issued_by(const x509_certificate& authority) const;
  /// False also for what is no private key. PEM, not encrypted.
  [[nodiscard]] bool has_key(const secret& key) const;

  /// Byte for byte the same certificate.
  friend bool operator==(const x509_certificate& a, const x509_certificate& b) {
    return a.fingerprint() == b.fingerprint();
  }

 private:
  struct facts;
  explicit x509_certificate(std::shared_ptr<const facts> read) : facts_(std::move(read)) {}
  static result<x509_certificate> of(std::shared_ptr<x509_st> parsed);
  friend struct bundle_reader;
  std::shared_ptr<const facts> facts_;
};

struct parsed_bundle {
  /// In the order of the text.
  std::vector<x509_certificate> certificates;
  /// Blocks that are no certificate, or a damaged one, and one for a text beyond the limits. Text around blocks is
  /// none.
  std::size_t unread = 0;
};

/// What can be read of a text, as Go reads a pool of certificates (x509.CertPool.AppendCertsFromPEM): what cannot is
/// passed over. Nothing of a text larger than max_bundle_size; no more than max_bundle_certificates.
[[nodiscard]] parsed_bundle parse_bundle(std::string_view pem);

}  // namespace pinhook
