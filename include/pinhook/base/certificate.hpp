// Certificates made in memory: an authority, and a server's certificate signed by it. For where nobody brings one. And
// certificates read: what a PEM text says of itself.
//
//   auto ca = make_authority({.common_name = "pinhook demo"}, machine_clock());
//   auto leaf = make_leaf(*ca, {.common_name = "pinhook", .dns_names = {"pinhook.pinhook.svc"}}, machine_clock());
//   const auto read = x509_certificate::parse(leaf->certificate);
//   if (read && read->is_issued_by(*x509_certificate::parse(ca->certificate))) …
//
// ECDSA P-256 with SHA-256; X.509 version 3 with the extensions that Go and OpenSSL verify (RFC 5280 §4.2). Values
// without state: safe to use from any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace pinhook {

/// PEM, both.
struct key_pair {
  std::string certificate;
  secret key;
};

struct certificate_request {
  /// At most 64 bytes (X.520 ub-common-name).
  std::string common_name;
  /// Subject alternative names; verifiers look at nothing else.
  std::vector<std::string> dns_names = {};
  /// IPv4 or IPv6 in their textual form.
  std::vector<std::string> addresses = {};
  /// It is valid until now plus this …
  std::chrono::seconds lifetime = std::chrono::hours(24);
  /// … and from this long ago: the clocks of those who verify it differ from ours.
  std::chrono::seconds backdated = std::chrono::minutes(5);
};

/// A self-signed authority that may sign leaves and nothing below them. invalid_input: the name; internal: OpenSSL.
[[nodiscard]] result<key_pair> make_authority(const certificate_request& what, const clock& time);

/// A server's certificate and its key, signed by `authority`. invalid_input: a name or address, no name at all, or an
/// authority that is none.
[[nodiscard]] result<key_pair> make_leaf(const key_pair& authority, const certificate_request& what, const clock& time);

/// Bytes of a PEM text with certificates that is read: the bundle of all public authorities is a quarter of that.
inline constexpr std::size_t max_bundle_size = std::size_t{1024} * 1024;
/// Certificates in it: those of all public authorities are 150.
inline constexpr std::size_t max_bundle_certificates = 500;

/// A certificate that was read. Cheap to copy; any thread.
class x509_certificate {
 public:
  /// The first certificate of a text; what stands around it is passed over. invalid_input: there is none, or the text
  /// is larger than max_bundle_size, or its validity is no time that we can count.
  [[nodiscard]] static result<x509_certificate> parse(std::string_view pem);

  /// PEM, written anew: equal certificates give equal texts.
  [[nodiscard]] const std::string& pem() const;
  /// SHA-256 of the certificate, 64 hexadecimal digits.
  [[nodiscard]] const std::string& fingerprint() const;
  [[nodiscard]] wall_time not_before() const;
  /// The first moment at which it is no longer valid.
  [[nodiscard]] wall_time not_after() const;
  [[nodiscard]] bool is_valid_at(wall_time when) const { return not_before() <= when && when < not_after(); }
  /// It may sign certificates (RFC 5280 §4.2.1.9; a certificate of version 1 may not).
  [[nodiscard]] bool is_authority() const;
  /// The alternative names, of which verifiers look at nothing else; addresses in their usual textual form.
  [[nodiscard]] const std::vector<std::string>& dns_names() const;
  [[nodiscard]] const std::vector<std::string>& addresses() const;
  /// The names agree, and the signature is that of `authority`'s key, and `authority` is one. Validity does not count.
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
  static result<x509_certificate> read(std::shared_ptr<x509_st> parsed);
  friend result<std::vector<x509_certificate>> parse_bundle(std::string_view pem);
  std::shared_ptr<const facts> facts_;
};

/// All certificates of a text, in order; text around them is passed over, and an empty text has none. invalid_input:
/// one of them is damaged, another kind of block stands in between, or it is more than the limits.
[[nodiscard]] result<std::vector<x509_certificate>> parse_bundle(std::string_view pem);

}  // namespace pinhook
