#include <pinhook/kube/in_cluster.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/kube/bearer_token.hpp>
#include <pinhook/kube/names.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace pinhook::kube {
namespace {

constexpr std::size_t max_namespace_file = 256;
constexpr std::size_t max_authority_file = std::size_t{1024} * 1024;

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  return bad == std::errc() && end == text.data() + text.size() && port != 0;
}

// A host name or an address; the rest of the URL is added here.
bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == ':';
  });
}

}  // namespace

result<cluster> in_cluster(const environment& variables, const std::string& folder) {
  const auto host = variable(variables, "KUBERNETES_SERVICE_HOST");
  const auto port = variable(variables, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(error_code::not_found, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  if (!is_host(host) || !is_port(port))
    return fail(error_code::invalid_input,
                fmt::format("KUBERNETES_SERVICE_HOST {} and KUBERNETES_SERVICE_PORT {} are not a valid host and port",
                            quoted(host), quoted(port)));
  cluster out;
  out.server = host.find(':') == std::string_view::npos ? fmt::format("https://{}:{}", host, port)
                                                        : fmt::format("https://[{}]:{}", host, port);
  out.login = token_file{folder + "/token", {}};
  if (auto token = read_file(folder + "/token", max_token_size); !token) {
    if (token.error().code == error_code::not_found)
      return fail(error_code::not_found,
                  fmt::format("{} (is automountServiceAccountToken false?)", token.error().message));
    return fail(std::move(token.error()));
  }
  const std::string authority = folder + "/ca.crt";
  if (auto text = read_file(authority, max_authority_file); !text) {
    // The system's authorities must not be used to verify a cluster's API server.
    if (text.error().code == error_code::not_found) text.error().code = error_code::invalid_input;
    return fail(std::move(text.error()));
  }
  out.tls.authorities.push_back({authority, {}});
  out.tls.system_authorities = false;
  if (const auto ns = read_file(folder + "/namespace", max_namespace_file); ns) {
    const auto name = trimmed(ns->reveal());
    if (is_namespace_name(name)) out.ns = name;
  }
  out.origin = "in-cluster service account";
  return out;
}

}  // namespace pinhook::kube
