#include <pinhook/config/serving_policy.hpp>

#include <pinhook/kube/names.hpp>

#include <boost/asio/ip/address.hpp>
#include <fmt/core.h>

#include <utility>

namespace pinhook::config {
namespace {

// Rounded up: half a second of settling would become none.
std::chrono::seconds whole_seconds(std::chrono::nanoseconds d) { return std::chrono::ceil<std::chrono::seconds>(d); }

std::unexpected<error> wrong(std::string_view key, std::string_view value, std::string_view problem) {
  return fail(error_code::invalid_input, fmt::format("{}: {} is {}", key, quoted(value, 100), problem));
}

// The form that verifiers accept: lower case, one wildcard at most, for the first label.
bool is_dns_name(std::string_view text) { return kube::is_object_name(text.starts_with("*.") ? text.substr(2) : text); }

}  // namespace

std::string called_name(const settings& s, const std::string& ns) {
  return fmt::format("{}.{}.svc", s.tls.service, ns);
}

result<kube::serving_policy> serving_policy_of(const settings& s, const std::string& ns) {
  if (!kube::is_object_name(s.tls.secret)) return wrong("tls.secret", s.tls.secret, "not a valid name of a Secret");
  if (!kube::is_object_name(s.tls.webhook_configuration))
    return wrong("tls.webhook_configuration", s.tls.webhook_configuration,
                 "not a valid name of a webhook configuration");
  if (!kube::is_namespace_name(s.tls.service))
    return wrong("tls.service", s.tls.service, "not a valid name of a Service");
  if (!kube::is_namespace_name(ns)) return wrong("namespace", ns, "not a valid name of a namespace");
  kube::serving_policy out;
  const std::string called = called_name(s, ns);
  out.names.dns_names = {called, called + ".cluster.local", fmt::format("{}.{}", s.tls.service, ns)};
  for (const auto& name : s.tls.names) {
    boost::system::error_code ec;
    const auto ip = boost::asio::ip::make_address(name, ec);
    if (!ec)
      out.names.addresses.push_back(ip.to_string());
    else if (is_dns_name(name))
      out.names.dns_names.push_back(name);
    else
      return wrong("tls.names", name, "neither a DNS name (in lower case) nor an address");
  }
  out.lifetime = whole_seconds(s.tls.lifetime);
  out.authority_lifetime = whole_seconds(s.tls.authority_lifetime);
  out.settle = whole_seconds(s.tls.settle);
  if (out.authority_lifetime <= out.lifetime)
    return fail(error_code::invalid_input, "tls.authority_lifetime must be longer than tls.lifetime");
  if (auto good = kube::check_policy(out); !good)
    return fail(std::move(good.error()).at("tls.lifetime, tls.authority_lifetime, tls.settle, tls.names"));
  return out;
}

}  // namespace pinhook::config
