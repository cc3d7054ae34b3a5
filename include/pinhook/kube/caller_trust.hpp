// Whether the API servers trust a serving certificate: judged by the caBundles of the configuration's entries.
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

/// The first name that the certificate is not for; nothing: it is for all of them.
[[nodiscard]] std::optional<std::string> missing_name(const x509_certificate& leaf, const certificate_names& names);

/// It is for one of them at least.
[[nodiscard]] bool has_any_name(const x509_certificate& leaf, const certificate_names& names);

/// A caBundle, read as an API server does: what cannot be read is passed over.
struct entry_trust {
  std::string name;
  std::vector<x509_certificate> authorities;
  /// No text at all: the API server looks at its system's roots.
  bool is_empty = false;
  /// There is something in it that is no certificate.
  bool has_garbage = false;

  [[nodiscard]] bool has(const x509_certificate& authority) const;
  /// As sets.
  [[nodiscard]] bool has_just(const std::vector<x509_certificate>& authorities) const;
};

[[nodiscard]] std::vector<entry_trust> read_bundles(const std::vector<webhook_entry>& entries);

/// Every entry has it. True without entries: nobody asks.
[[nodiscard]] bool all_have(const std::vector<entry_trust>& entries, const x509_certificate& authority);

/// Why an API server that reads these entries would refuse the certificate, in words that name the entry; nothing: all
/// trust it, and it is valid now. An empty caBundle trusts nobody of ours: the API server looks at its system's roots.
/// `chain` may hold authorities between the leaf and the bundle's.
[[nodiscard]] std::optional<std::string> distrust_of(const std::vector<x509_certificate>& chain,
                                                     const std::vector<entry_trust>& entries, wall_time now);

}  // namespace pinhook::kube
