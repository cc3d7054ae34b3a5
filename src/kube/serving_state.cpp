#include <pinhook/kube/serving_state.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr const char* authorities_key = "ca.crt";
constexpr const char* authority_key_key = "ca.key";
constexpr const char* certificate_key = "tls.crt";
constexpr const char* served_key_key = "tls.key";

const secret& value_of(const secret_data& data, std::string_view key) {
  static const secret none;
  const auto found = data.find(key);
  return found == data.end() ? none : found->second;
}

}  // namespace

result<served_pair> served_pair::read(key_pair pem) {
  auto leaf = x509_certificate::parse(pem.certificate);
  if (!leaf) return fail(std::move(leaf.error()));
  if (!leaf->has_key(pem.key)) return fail(error_code::invalid_input, "the key is not that of the certificate");
  return served_pair{std::move(pem), *std::move(leaf)};
}

stored_state parse_state(const secret_data& data) {
  stored_state out;
  parsed_bundle bundle = parse_bundle(value_of(data, authorities_key).reveal());
  auto& authorities = out.usable.authorities;
  for (auto& one : bundle.certificates) {
    if (!one.is_authority())
      ++bundle.unread;
    else if (std::ranges::find(authorities, one) == authorities.end())
      authorities.push_back(std::move(one));
  }
  if (authorities.empty())
    out.faults.push_back(fmt::format("{} holds no authority", authorities_key));
  else if (bundle.unread != 0)
    out.faults.push_back(fmt::format("{} holds something that is not an authority", authorities_key));

  const secret& key = value_of(data, authority_key_key);
  if (key.reveal().size() <= max_bundle_size) out.usable.authority_key = key;
  if (!authorities.empty() && !authorities.front().has_key(key))
    out.faults.push_back(fmt::format("{} is not the key of the first authority", authority_key_key));

  auto served = served_pair::read({value_of(data, certificate_key).reveal(), value_of(data, served_key_key)});
  if (served)
    out.usable.served = *std::move(served);
  else
    out.faults.push_back(fmt::format("{} and {}: {}", certificate_key, served_key_key, served.error().message));
  return out;
}

secret_data render_state(const serving_state& s) {
  secret_data out;
  out.insert_or_assign(authorities_key, secret(render_bundle(s.authorities)));
  out.insert_or_assign(authority_key_key, s.authority_key);
  if (s.served) {
    out.insert_or_assign(certificate_key, secret(s.served->pem.certificate));
    out.insert_or_assign(served_key_key, s.served->pem.key);
  }
  return out;
}

std::string render_bundle(const std::vector<x509_certificate>& authorities) {
  std::string out;
  for (const auto& one : authorities) out += one.pem();
  return out;
}

const x509_certificate* issuer_of(const x509_certificate& leaf, const std::vector<x509_certificate>& among) {
  const auto found = std::ranges::find_if(among, [&](const auto& one) { return leaf.is_issued_by(one); });
  return found == among.end() ? nullptr : &*found;
}

}  // namespace pinhook::kube
