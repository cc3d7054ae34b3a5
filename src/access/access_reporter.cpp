#include <pinhook/access/access_reporter.hpp>

#include <pinhook/access/registry_access.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/registry/web_url.hpp>
#include <pinhook/resolve/begun_rest.hpp>
#include <pinhook/resolve/lookup_run.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::access {
namespace {

bool has_asked(const access_report& out, std::size_t from) {
  return std::any_of(out.attempts->begin() + static_cast<std::ptrdiff_t>(from), out.attempts->end(),
                     [](const auto& one) { return one.was_asked; });
}

}  // namespace

access_reporter::access_reporter(registry_access& access, const config::settings& s)
    : access_(access),
      hosts_(s.registries),
      rules_(
          registry::access_rules::make(s.allowed_registries, s.denied_registries).value_or(registry::access_rules())),
      networks_(s.networks),
      asks_loopback_(s.for_command),
      proxy_(http::proxy_from_environment()) {}

awaitable<access_report> access_reporter::report(registry::reference ref, registry::tenant tenant, bool tries,
                                                 deadline d) {
  access_report out;
  // Its error is that of the places below.
  (void)co_await access_.read_cluster_mirrors(d);
  if (const auto meaning_of = access_.meaning_of()) {
    const auto meant = meaning_of(ref);
    if (!meant) {
      out.troubles.push_back(meant.error().message);
      if (tries) out.attempts.emplace();
      co_return out;
    }
    if (meant->canonical() != ref.canonical()) out.meaning = meant->canonical();
    ref = *meant;
  }
  const source credentials = co_await access_.tenants()->credentials_of(std::move(tenant), d);
  out.credentials = credentials->matches(ref);
  for (const auto& trouble : credentials->troubles()) out.troubles.push_back(trouble.message);
  registry::reference asked = ref;
  auto found = co_await access_.routes()->routes_for(std::move(asked), d);
  if (!found) {
    out.troubles.push_back(found.error().message);
    if (tries) out.attempts.emplace();
    co_return out;
  }
  if ((*found)->trouble) out.troubles.push_back((*found)->trouble->message);
  if (tries) out.attempts.emplace();
  for (const auto& by : (*found)->in_order) {
    if (!by->answers(ref)) continue;
    out.hosts.push_back(host_of(*by, **found, ref));
    if (is_for_commands_alone(*by, ref))
      out.troubles.push_back(
          fmt::format("the webhook asks a registry on this machine only when the configuration lists it: registries: "
                      "{{\"{}\": {{}}}}",
                      ref.registry()));
    if (!tries) continue;
    if (by->is_upstream)
      co_await try_registry(out, by, ref, credentials, d);
    else
      co_await try_mirror(out, by, ref, credentials, d);
  }
  registry::reference named = ref;
  co_await add_places_of_digest(out, std::move(named), d);
  co_return out;
}

awaitable<void> access_reporter::add_places_of_digest(access_report& to, registry::reference ref, deadline d) {
  if (ref.is_pinned()) co_return;
  const auto pinned =
      registry::reference::parse(fmt::format("{}@{}", ref.written_name(), registry::digest::of("").to_string()));
  if (!pinned) co_return;
  registry::reference asked = *pinned;
  const auto found = co_await access_.routes()->routes_for(std::move(asked), d);
  std::vector<access_report::host> places;
  if (!found) {
    to.troubles.push_back(fmt::format("by digest: {}", found.error().message));
  } else {
    for (const auto& by : (*found)->in_order)
      if (by->answers(*pinned)) places.push_back(host_of(*by, **found, *pinned));
  }
  if (places != to.hosts) to.pulled_from = std::move(places);
}

std::string access_reporter::url_of(const registry::route& by, const registry::reference& ref) const {
  if (by.base) return by.base->text();
  const registry::reference& named = by.named ? *by.named : ref;
  const auto known = hosts_.find(named.registry());
  const bool is_plain = registry::speaks_plain_http(known == hosts_.end() ? nullptr : &known->second, &by, named);
  return fmt::format("{}://{}", is_plain ? "http" : "https", named.wire_host());
}

access_report::host access_reporter::host_of(const registry::route& by, const registry::routes& of,
                                             const registry::reference& ref) const {
  access_report::host out{url_of(by, ref), !by.is_source, {}, {}};
  if (by.named && by.named->repository() != ref.repository()) out.repository = by.named->repository();
  // A registry that no entry names is asked by its name alone.
  if (by.is_named) out.from = by.object.empty() ? of.source : by.object;
  const auto to = http::parse_endpoint(out.url);
  if (!to) return out;
  out.refusal = refusal_of(by, ref, *to);
  if (const auto proxy = http::proxy_for(*to, proxy_); !proxy.empty())
    if (const auto place = http::parse_proxy(proxy)) out.proxy = place->name;
  return out;
}

// The reason that is known before the host's name is resolved.
std::string access_reporter::refusal_of(const registry::route& by, const registry::reference& ref,
                                        const http::endpoint& to) const {
  if (const auto denied = by.is_upstream ? rules_.refusal(ref) : rules_.refusal_of_host(by.host))
    return denied->message;
  const bool reaches_loopback = asks_loopback_ || is_named(by, ref);
  return http::host_fault(to.host, {.loopback = reaches_loopback, .private_networks = true}, networks_)
      .value_or(std::string());
}

bool access_reporter::is_named(const registry::route& by, const registry::reference& ref) const {
  return by.is_named || hosts_.contains(ref.registry());
}

bool access_reporter::is_for_commands_alone(const registry::route& by, const registry::reference& ref) const {
  return asks_loopback_ && !is_named(by, ref) && registry::is_loopback_name(registry::host_of(ref.wire_host()));
}

awaitable<void> access_reporter::try_mirror(access_report& out, std::shared_ptr<const registry::route> by,
                                            registry::reference ref, source of_tenant, deadline d) {
  const auto as = resolve::reference_at(*by, ref);
  const std::size_t before = out.attempts->size();
  source shown = access_.own_credentials();
  if (by->named && !by->is_source) shown = registry::for_mirror(of_tenant, std::move(shown), ref);
  if (as && shown) co_await try_source(out, by, ref, shown, *as, d);
  if (!has_asked(out, before)) co_await try_credential(out, by, ref, registry::credential(), d);
}

awaitable<void> access_reporter::try_registry(access_report& out, std::shared_ptr<const registry::route> by,
                                              registry::reference ref, source credentials, deadline d) {
  const std::size_t before = out.attempts->size();
  std::vector<source> parts(credentials->parts().begin(), credentials->parts().end());
  if (parts.empty()) parts.push_back(credentials);
  for (const source& part : parts) co_await try_source(out, by, ref, part, ref, d);
  if (!has_asked(out, before)) co_await try_credential(out, by, ref, registry::credential(), d);
}

awaitable<void> access_reporter::try_source(access_report& out, std::shared_ptr<const registry::route> by,
                                            registry::reference ref, source from, registry::reference target,
                                            deadline d) {
  const auto names = from->matches(target);
  auto some = co_await from->credentials_for(std::move(target), d);
  if (!some) {
    out.attempts->push_back(
        {by->host, names.empty() ? "credentials" : names.front().source, fail(std::move(some.error())), false});
    co_return;
  }
  for (registry::credential& one : *some) {
    registry::credential credential = std::move(one);
    co_await try_credential(out, by, ref, std::move(credential), d);
  }
}

awaitable<void> access_reporter::try_credential(access_report& out, std::shared_ptr<const registry::route> by,
                                                registry::reference ref, registry::credential credential, deadline d) {
  const std::string name = credential.source;
  const resolve::errand on{ref.repository(), credential.identity, {}};
  auto answer = co_await access_.client().resolve_by(by, std::move(ref), std::move(credential), d);
  result<std::string> text = fail(error_code::internal, "");
  if (answer) {
    text = answer->digest.to_string();
  } else {
    if (const auto rest = resolve::describe_begun_rest(on, answer.error()); !rest.empty())
      answer.error().message += "; " + rest;
    text = fail(std::move(answer.error()));
  }
  out.attempts->push_back({by->host, name, std::move(text), true});
}

}  // namespace pinhook::access
