// Decides whether the API servers trust a serving certificate, from the caBundles of the configuration's entries.
//
// Values and pure functions; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/x509_certificate.hpp>
#include <pinhook/kube/certificate_names.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <optional>
#include <string>
#include <vector>

namespace pinhook::kube {

/// The first name that the certificate lacks; nothing: it has all of them.
[[nodiscard]] std::optional<std::string> missing_name(const x509_certificate& leaf, const certificate_names& names);

/// True when it has at least one of them.
[[nodiscard]] bool has_any_name(const x509_certificate& leaf, const certificate_names& names);

/// A caBundle, read as by an API server: unreadable parts are skipped.
struct entry_trust {
  std::string name;
  std::vector<x509_certificate> authorities;
  /// No text at all: the API server uses its system's roots.
  bool is_empty = false;
  /// It holds something that is not a certificate.
  bool has_garbage = false;

  [[nodiscard]] bool has(const x509_certificate& authority) const;
  /// Compared as sets.
  [[nodiscard]] bool has_just(const std::vector<x509_certificate>& authorities) const;
};

[[nodiscard]] std::vector<entry_trust> read_bundles(const std::vector<webhook_entry>& entries);

/// True when every entry has it, and without entries, since no API server calls then.
[[nodiscard]] bool all_have(const std::vector<entry_trust>& entries, const x509_certificate& authority);

/// The reason for which an API server with these entries would refuse the certificate, with the entry's name; nothing:
/// all trust it, and it is valid now. An empty caBundle does not trust it: the API server uses its system's roots.
/// `chain` can hold authorities between the leaf and the bundle's.
[[nodiscard]] std::optional<std::string> distrust_of(const std::vector<x509_certificate>& chain,
                                                     const std::vector<entry_trust>& entries, wall_time now);

}  // namespace pinhook::kube
