#include <pinhook/registry/host_settings.hpp>

#include <pinhook/registry/web_url.hpp>

#include <fmt/core.h>

namespace pinhook::registry {

bool speaks_plain_http(const host_settings* settings, const route* by, const reference& ref) {
  if (settings != nullptr && settings->plain_http) return *settings->plain_http;
  const bool has_tls = (settings != nullptr && !settings->ca_file.empty()) || (by != nullptr && by->tls != nullptr);
  return !has_tls && is_loopback_name(host_of(ref.wire_host()));
}

std::string scheme_advice(const route* by, std::string_view host, bool plain_http) {
  if (by != nullptr && by->base)
    return fmt::format("Write {}:// in the URL of {} {} in pinhook's configuration", plain_http ? "http" : "https",
                       by->is_upstream ? "the server for" : "mirror", by->host);
  return fmt::format("Write in pinhook's configuration: registries: {{\"{}\": {{plain_http: {}}}}}", host, plain_http);
}

}  // namespace pinhook::registry
