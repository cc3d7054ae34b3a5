// A signer's certificate: whom it names, which authority issued it, and that a log of certificates knows it.
//
//   const auto leaf = signing_certificate::parse(signature.certificates);
//   const auto issued = leaf->issued_by(root.authorities, when);
//   if (issued && leaf->is_logged(*issued, root.certificate_logs)) … leaf->identities(), leaf->issuer()
//
// Sources: RFC 5280, RFC 6962 §3.2; https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md. Immutable; any
// thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/trust/public_key.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace pinhook::trust {

class signing_certificate {
 public:
  /// DER, the signer's own first; the others may lead to its authority. malformed: the first cannot be read, or its key
  /// is of a kind that is not supported.
  [[nodiscard]] static result<signing_certificate> parse(const std::vector<std::string>& chain);

  [[nodiscard]] const public_key& key() const { return key_; }
  [[nodiscard]] const std::string& der() const { return chain_.front(); }
  /// The alternative names: addresses of mail, URIs, and Fulcio's own form of user names.
  [[nodiscard]] const std::vector<std::string>& identities() const { return identities_; }
  /// The OIDC issuer that Fulcio wrote into it; empty: none.
  [[nodiscard]] const std::string& issuer() const { return issuer_; }
  [[nodiscard]] wall_time not_before() const { return not_before_; }
  [[nodiscard]] wall_time not_after() const { return not_after_; }

  /// The SHA-256 hash of the key that issued this one directly, when an authority that was valid then vouches for this
  /// at that moment and it is for signing code. denied: with the reason of the last authority.
  [[nodiscard]] result<std::string> issued_by(const std::vector<trusted_authority>& authorities, wall_time when) const;
  /// True when one of the logs signed for having it (an SCT inside the certificate), issued by the key of that hash.
  [[nodiscard]] bool is_logged(std::string_view issued_by, const std::vector<trusted_log>& logs) const;

 private:
  signing_certificate(std::shared_ptr<x509_st> leaf, public_key key) : leaf_(std::move(leaf)), key_(std::move(key)) {}

  std::shared_ptr<x509_st> leaf_;
  std::vector<std::string> chain_;
  public_key key_;
  std::vector<std::string> identities_;
  std::string issuer_;
  wall_time not_before_{};
  wall_time not_after_{};
};

}  // namespace pinhook::trust
