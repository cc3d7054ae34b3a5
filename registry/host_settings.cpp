#include <pinhook/registry/host_settings.hpp>

#include <pinhook/registry/web_url.hpp>

#include <fmt/core.h>

namespace pinhook::registry {

bool speaks_plain_http(const host_settings* said, const route* by, const reference& ref) {
  if (said != nullptr && said->plain_http) return *said->plain_http;
  const bool says_tls = (said != nullptr && !said->ca_file.empty()) || (by != nullptr && by->tls != nullptr);
  return !says_tls && is_loopback_name(host_of(ref.wire_host()));
}

std::string scheme_advice(const route* by, std::string_view asked, bool plain_http) {
  if (by != nullptr && by->base)
    return fmt::format("Write {}:// in the URL of {} {}", plain_http ? "http" : "https",
                       by->is_upstream ? "the server for" : "mirror", by->host);
  return fmt::format("Write in the configuration: registries: {{\"{}\": {{plain_http: {}}}}}", asked, plain_http);
}

}  // namespace pinhook::registry
