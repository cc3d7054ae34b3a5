#include <pinhook/kube/caller_trust.hpp>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/ip/address.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>

namespace pinhook::kube {
namespace {

bool has_name(const x509_certificate& leaf, const std::string& name) {
  return std::ranges::any_of(leaf.dns_names(), [&](const auto& one) { return boost::algorithm::iequals(one, name); });
}

bool has_address(const x509_certificate& leaf, const std::string& text) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(text, ec);
  return std::ranges::find(leaf.addresses(), ec ? text : address.to_string()) != leaf.addresses().end();
}

// As Go's verifier, which the API server uses: a certificate of the bundle is a root, whether signed by itself or not,
// and a leaf in the bundle itself is trusted (x509.Certificate.Verify).
bool is_trusted(const std::vector<x509_certificate>& chain, const entry_trust& entry, wall_time now) {
  const x509_certificate* at = &chain.front();
  for (std::size_t steps = 0; steps < chain.size(); ++steps) {
    for (const auto& root : entry.authorities)
      if (root.is_valid_at(now) && (root == *at || at->is_issued_by(root))) return true;
    const auto next = std::ranges::find_if(
        chain, [&](const auto& one) { return !(one == *at) && one.is_valid_at(now) && at->is_issued_by(one); });
    if (next == chain.end()) return false;
    at = &*next;
  }
  return false;
}

}  // namespace

std::optional<std::string> missing_name(const x509_certificate& leaf, const certificate_names& names) {
  for (const auto& one : names.dns_names)
    if (!has_name(leaf, one)) return one;
  for (const auto& one : names.addresses)
    if (!has_address(leaf, one)) return one;
  return std::nullopt;
}

bool has_any_name(const x509_certificate& leaf, const certificate_names& names) {
  return std::ranges::any_of(names.dns_names, [&](const auto& one) { return has_name(leaf, one); }) ||
         std::ranges::any_of(names.addresses, [&](const auto& one) { return has_address(leaf, one); });
}

bool entry_trust::has(const x509_certificate& authority) const {
  return std::ranges::find(authorities, authority) != authorities.end();
}

bool entry_trust::has_just(const std::vector<x509_certificate>& expected) const {
  return !has_garbage && std::ranges::all_of(expected, [&](const auto& one) { return has(one); }) &&
         std::ranges::all_of(authorities,
                             [&](const auto& one) { return std::ranges::find(expected, one) != expected.end(); });
}

std::vector<entry_trust> read_bundles(const std::vector<webhook_entry>& entries) {
  std::vector<entry_trust> out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // Entries usually have the same bundle, so it is read once.
    const bool is_again = i != 0 && entries[i].ca_bundle == entries[i - 1].ca_bundle;
    entry_trust one;
    if (is_again) {
      one = out.back();
    } else {
      parsed_bundle read = parse_bundle(entries[i].ca_bundle);
      one.authorities = std::move(read.certificates);
      one.is_empty = entries[i].ca_bundle.empty();
      one.has_garbage = read.unread != 0 || (one.authorities.empty() && !one.is_empty);
    }
    one.name = entries[i].name;
    out.push_back(std::move(one));
  }
  return out;
}

bool all_have(const std::vector<entry_trust>& entries, const x509_certificate& authority) {
  return std::ranges::all_of(entries, [&](const auto& one) { return one.has(authority); });
}

std::optional<std::string> distrust_of(const std::vector<x509_certificate>& chain,
                                       const std::vector<entry_trust>& entries, wall_time now) {
  if (chain.empty()) return "there is no certificate";
  if (now < chain.front().not_before()) return "the certificate is not valid yet";
  if (now > chain.front().not_after()) return "the certificate has expired";
  for (const auto& one : entries) {
    if (one.is_empty) return fmt::format("the caBundle of webhook {} is empty", quoted(one.name));
    if (!is_trusted(chain, one, now))
      return fmt::format("the caBundle of webhook {} does not trust the certificate", quoted(one.name));
  }
  return std::nullopt;
}

}  // namespace pinhook::kube
