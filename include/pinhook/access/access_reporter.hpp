// Asks for an image as a look-up would, and reports each step: hosts in their order, credentials, obstacles, and the
// answers where it is tried.
//
//   access_reporter reporter(**access, settings);
//   const auto report = co_await reporter.report(ref, tenant, true, deadline);
//
// Thread rule: that of registry_access.
#pragma once

#include <pinhook/access/access_report.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/http/address_guard.hpp>
#include <pinhook/http/endpoint.hpp>
#include <pinhook/http/proxy.hpp>
#include <pinhook/registry/access_rules.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/registry/tenant_credentials.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace pinhook::access {

class registry_access;

class access_reporter {
 public:
  /// `access` must outlive it.
  access_reporter(registry_access& access, const config::settings& s);

  /// The look-up of `ref` for `tenant`, and with `tries` the answer of each host to each credential.
  awaitable<access_report> report(registry::reference ref, registry::tenant tenant, bool tries, deadline d);

 private:
  using source = std::shared_ptr<registry::credential_source>;

  [[nodiscard]] std::string url_of(const registry::route& by, const registry::reference& ref) const;
  [[nodiscard]] access_report::host host_of(const registry::route& by, const registry::routes& of,
                                            const registry::reference& ref) const;
  // The places for the reference with some digest in place of its tag.
  awaitable<void> add_places_of_digest(access_report& to, registry::reference ref, deadline d);
  [[nodiscard]] std::string refusal_of(const registry::route& by, const registry::reference& ref,
                                       const http::endpoint& to) const;
  // The operator named the host, so that it may be on this machine.
  [[nodiscard]] bool is_named(const registry::route& by, const registry::reference& ref) const;
  [[nodiscard]] bool is_for_commands_alone(const registry::route& by, const registry::reference& ref) const;
  awaitable<void> try_mirror(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                             source of_tenant, deadline d);
  awaitable<void> try_registry(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                               source credentials, deadline d);
  awaitable<void> try_source(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                             source from, registry::reference target, deadline d);
  awaitable<void> try_credential(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                                 registry::credential credential, deadline d);

  registry_access& access_;
  const std::map<std::string, registry::host_settings, std::less<>> hosts_;
  const registry::access_rules rules_;
  const http::address_rules networks_;
  const bool asks_loopback_;
  const http::proxy_settings proxy_;
};

}  // namespace pinhook::access
