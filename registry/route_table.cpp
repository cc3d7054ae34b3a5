#include <pinhook/registry/route_table.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/registry/host_directory.hpp>
#include <pinhook/registry/hosts_toml.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <algorithm>
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

const std::vector<mirror_setting>* configured(const route_options& options, const std::string& registry) {
  if (const auto own = options.mirrors.find(registry); own != options.mirrors.end()) return &own->second;
  const auto others = options.mirrors.find(for_all_others);
  return others == options.mirrors.end() ? nullptr : &others->second;
}

error about_mirrors(error reason, const reference& ref) {
  return std::move(reason).at(fmt::format("the mirrors of registry {}", ref.registry()));
}

}  // namespace

std::optional<found_routes> route_table::by_conf(const world& all, const reference& ref) {
  if (!all.options.conf || configured(all.options, ref.registry()) != nullptr) return std::nullopt;
  const auto conf = all.options.conf->current();
  const auto places = places_for(*conf, ref);
  if (!places) return fail(about_mirrors(places.error(), ref));
  if (places->in_order.empty()) return std::nullopt;
  auto out = make_routes(*places, ref);
  if (!out) return fail(std::move(out.error()));
  return std::make_shared<const routes>(std::move(*out));
}

bool route_table::is_known_without_files(const world& all, const std::string& registry) {
  return all.options.directories.empty() || configured(all.options, registry) != nullptr ||
         (all.options.rules && all.options.rules->find(registry) != nullptr);
}

// Where no directory has a say.
found_routes route_table::without_files(world& all, const reference& ref) {
  entry* const held = all.held.find(ref.registry());
  const steady_time now = all.time.now();
  if (held != nullptr && now < held->until) return held->found;
  const auto* mirrors = configured(all.options, ref.registry());
  const auto* rules = mirrors == nullptr && all.options.rules ? all.options.rules->find(ref.registry()) : nullptr;
  entry made{"configuration", fail(error_code::internal, "not made"), now + all.options.recheck};
  // They do not change, so requests go on with the same TLS settings, and on the same connections.
  if (held != nullptr)
    made.found = held->found;
  else if (rules != nullptr)
    made.found = made_of(rules->mirrors, rules->upstream, ref, all.options.rules->file);
  else
    made.found = mirrors == nullptr ? made_of({}, {}, ref, "") : made_of(*mirrors, {}, ref, "the configuration");
  auto out = made.found;
  all.held.put(ref.registry(), std::move(made));
  return out;
}

bool route_table::are_mirrors_complete(const reference& ref) const {
  return std::ranges::any_of(world_->options.complete,
                             [&](const std::string& one) { return one == for_all_others || one == ref.registry(); });
}

std::shared_ptr<const routes> route_table::known(const reference& ref) const {
  if (const auto made = by_conf(*world_, ref)) return *made ? **made : nullptr;
  const bool has_files = !is_known_without_files(*world_, ref.registry());
  const entry* const held = has_files ? world_->held.find(ref.registry()) : nullptr;
  if (has_files) return held != nullptr && held->found ? *held->found : nullptr;
  const auto all = without_files(*world_, ref);
  const auto out = all ? for_reference(*all, ref) : all;
  return out ? *out : nullptr;
}

awaitable<found_routes> route_table::routes_for(reference ref, deadline d) {
  const std::shared_ptr<world> all = world_;
  if (auto made = by_conf(*all, ref)) co_return std::move(*made);
  if (is_known_without_files(*all, ref.registry())) {
    auto found = without_files(*all, ref);
    if (found) found = for_reference(*found, ref);
    co_return found;
  }
  const steady_time now = all->time.now();
  const entry* const held = all->held.find(ref.registry());
  if (held != nullptr && now < held->until) co_return held->found;
  if (!reads_) {
    fetch_cache_options options;
    options.fetch_limit = read_limit;
    options.hold_failure = std::chrono::nanoseconds(0);
    asio::any_io_executor home = co_await asio::this_coro::executor;
    reads_ = std::make_unique<reads>(std::move(home), all->time, options);
  }
  const found_routes before = held != nullptr ? held->found : fail(error_code::not_found, "");
  const deadline until = before ? sooner(d, deadline::after(now, all->options.patience)) : d;
  reads::fetch source = [all, ref](deadline limit) { return read(all, ref, limit); };
  auto got = co_await reads_->get(ref.registry(), std::move(source), until);
  if (got) co_return *got;
  const bool is_late = got.error().code == error_code::timed_out;
  if (before && (is_late || got.error().code == error_code::canceled)) co_return before;
  co_return fail(is_late ? about_mirrors(std::move(got.error()), ref) : std::move(got.error()));
}

awaitable<result<route_table::reads::fetched>> route_table::read(std::shared_ptr<world> all, reference ref,
                                                                 deadline d) {
  using directory = result<std::optional<host_directory>>;
  const auto directory_read = std::make_shared<directory>(fail(error_code::internal, "nothing was read"));
  std::function<void()> look = [directory_read, roots = all->options.directories, registry = ref.registry()] {
    *directory_read = find_host_directory(roots, registry);
  };
  std::string name = fmt::format("hosts.toml of {}", ref.registry());
  const auto done = co_await read_aside(std::move(name), std::move(look), d.remaining(all->time.now()));
  const entry* const held = all->held.find(ref.registry());
  const steady_time until = all->time.now() + all->options.recheck;
  entry made{{}, fail(error_code::internal, "nothing was read"), until};
  if (!done) {
    // Whatever it knew before stays in use; without that the next look-up tries again.
    if (held == nullptr || !held->found) co_return fail(about_mirrors(done.error(), ref));
    made = entry{held->fingerprint, held->found, until};
  } else if (!*directory_read) {
    made.found = fail(about_mirrors(directory_read->error(), ref));
  } else if (!**directory_read) {
    made.found = made_of({}, {}, ref, "");
  } else {
    const host_directory& from = ***directory_read;
    made.fingerprint = fingerprint_of(from);
    const bool is_same = held != nullptr && held->fingerprint == made.fingerprint;
    made.found = is_same ? held->found : from_directory(from, ref);
  }
  const found_routes out = made.found;
  all->held.put(ref.registry(), std::move(made));
  if (!out) co_return fail(out.error());
  co_return reads::fetched{*out, all->time.now()};
}

}  // namespace pinhook::registry
