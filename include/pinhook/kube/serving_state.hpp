// The content of the Secret of the self-managed serving certificate: the trusted authorities, the key of the newest,
// and the pair that is served.
//
//   const stored_state s = parse_state(object.data);   // never fails; unusable parts are listed in `faults`
//   …api.update_stored(ns, name, {object.resource_version, render_state(s.usable)}, d);
//
// Keys of the Secret: "ca.crt" (PEM, newest first), "ca.key", "tls.crt", "tls.key"; the latter three as
// kubernetes.io/tls and cert-manager have them.
//
// Values and pure functions; any thread.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/base/x509_certificate.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::kube {

/// A server's certificate with its key.
struct served_pair {
  key_pair pem;
  /// The first certificate of `pem`.
  x509_certificate leaf;

  /// invalid_input: not a certificate, or the key of another. The message holds nothing of either.
  [[nodiscard]] static result<served_pair> read(key_pair pem);
  friend bool operator==(const served_pair& a, const served_pair& b) { return a.leaf == b.leaf; }
};

struct serving_state {
  /// Newest first; every entry's caBundle must hold exactly these.
  std::vector<x509_certificate> authorities;
  /// PEM of the newest authority's key; empty: lost.
  secret authority_key;
  /// The served pair; nothing: lost.
  std::optional<served_pair> served;
};

/// A state as it was read.
struct stored_state {
  /// The usable parts.
  serving_state usable;
  /// The unusable parts, described without their content; empty: the state is whole.
  std::vector<std::string> faults;

  [[nodiscard]] bool is_whole() const { return faults.empty(); }
};

/// Whole: at least one authority and no other text among them, the key of the first, and a pair.
[[nodiscard]] stored_state parse_state(const secret_data& data);

[[nodiscard]] secret_data render_state(const serving_state& s);

/// The authorities as a caBundle: PEM, one after the other.
[[nodiscard]] std::string render_bundle(const std::vector<x509_certificate>& authorities);

/// The authority that issued the leaf; null: none of them.
[[nodiscard]] const x509_certificate* issuer_of(const x509_certificate& leaf,
                                                const std::vector<x509_certificate>& among);

}  // namespace pinhook::kube
