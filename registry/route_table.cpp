#include <pinhook/registry/route_table.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/registry/host_directory.hpp>
#include <pinhook/registry/hosts_toml.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::registry {
namespace {

constexpr std::string_view for_all_others = "_default";

using found_routes = result<std::shared_ptr<const routes>>;

// Changes with any part of the routes' source. The text may hold tokens.
std::string fingerprint_of(const host_directory& at) {
  std::string all = at.path + '\n';
  for (const auto& file : at.certificates.ca_files) all += file + '\n';
  all += at.certificates.client_certificate_file + '\n' + at.certificates.client_key_file + '\n';
  if (at.text) all += at.text->reveal();
  std::string out = keyed_hash(all);
  const secret wiped(std::move(all));
  return out;
}

found_routes made_of(const std::vector<mirror_setting>& mirrors, const mirror_setting& upstream, const reference& ref,
                     std::string source) {
  auto out = make_routes(mirrors, upstream, ref);
  if (!out) return fail(std::move(out.error()).at(source));
  out->source = std::move(source);
  return std::make_shared<const routes>(std::move(*out));
}

found_routes with_named_upstream(found_routes from) {
  if (!from) return from;
  auto out = std::make_shared<routes>(**from);
  for (auto& one : out->in_order) {
    if (!one->is_upstream) continue;
    auto named = std::make_shared<route>(*one);
    named->is_named = true;
    one = std::move(named);
  }
  return out;
}

// As in containerd, an invalid hosts.toml is reported, and the certificates are used instead.
found_routes from_directory(const host_directory& at, const reference& ref) {
  std::optional<error> trouble;
  if (at.text) {
    auto parsed = parse_hosts_toml(at.text->reveal(), at.hosts_file());
    found_routes out = fail(error_code::internal, "nothing was read");
    if (parsed)
      out = made_of(parsed->hosts, parsed->server, ref, at.hosts_file());
    else
      out = fail(std::move(parsed.error()));
    if (out) return at.is_own ? with_named_upstream(std::move(out)) : out;
    trouble = std::move(out.error());
    log::warning("hosts.toml is not used", {{"registry", ref.registry()}, {"reason", trouble->message}});
  }
  auto plain = made_of({}, at.certificates, ref, at.path);
  if (!plain) return plain;
  if (at.is_own) plain = with_named_upstream(std::move(plain));
  auto out = std::make_shared<routes>(**plain);
  out->trouble = std::move(trouble);
  return out;
}

}  // namespace

const std::vector<mirror_setting>* route_table::configured(const std::string& registry) const {
  if (const auto own = options_.mirrors.find(registry); own != options_.mirrors.end()) return &own->second;
  const auto others = options_.mirrors.find(for_all_others);
  return others == options_.mirrors.end() ? nullptr : &others->second;
}

found_routes route_table::routes_for(const reference& ref) {
  const steady_time now = time_.now();
  entry* const held = held_.find(ref.registry());
  if (held != nullptr && now < held->until) return held->found;
  const steady_time until = now + options_.recheck;

  if (const auto* mirrors = configured(ref.registry())) {
    entry made{"configuration", made_of(*mirrors, {}, ref, "the configuration"), until};
    auto out = made.found;
    held_.put(ref.registry(), std::move(made));
    return out;
  }
  entry made{{}, fail(error_code::internal, "nothing was read"), until};
  auto directory = find_host_directory(options_.directories, ref.registry());
  if (!directory) {
    made.found = fail(std::move(directory.error()).at(fmt::format("the mirrors of registry {}", ref.registry())));
  } else if (!*directory) {
    made.found = made_of({}, {}, ref, "");
  } else {
    made.fingerprint = fingerprint_of(**directory);
    const bool is_same = held != nullptr && held->fingerprint == made.fingerprint;
    made.found = is_same ? held->found : from_directory(**directory, ref);
  }
  auto out = made.found;
  held_.put(ref.registry(), std::move(made));
  return out;
}

}  // namespace pinhook::registry
