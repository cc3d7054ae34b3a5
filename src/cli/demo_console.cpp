#include <pinhook/cli/demo_console.hpp>

#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/cli/demo_history.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/serve_console.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/console/console.hpp>
#include <pinhook/demo/made_up_cluster.hpp>
#include <pinhook/demo/site.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/server/listen_address.hpp>
#include <pinhook/store/history.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view command_name = "demo";
// A moved tag is seen while somebody looks.
constexpr std::chrono::seconds look_up_interval{5};

config::settings settings_of(const std::string& registry) {
  config::settings out;
  out.registries[registry] = {};
  out.pull_secrets.mode = config::switch_state::off;
  out.clouds.clear();
  out.log.level = log::level::warning;
  out.log.format = log::format::text;
  return out;
}

kube::cluster made_up_address() {
  kube::cluster out;
  out.server = demo::made_up_cluster::address;
  out.origin = "the demo's made-up cluster";
  return out;
}

// Once all tags have been seen, one of them moves.
console::manifest_lookup lookup_of(std::shared_ptr<access::registry_digests> digests,
                                   const demo::made_up_cluster& cluster) {
  return [digests = std::move(digests), &cluster,
          has_moved = false](const std::vector<registry::reference>& refs) mutable {
    auto out = digests->find_manifests(refs);
    if (!std::exchange(has_moved, true)) cluster.move_a_tag();
    return out;
  };
}

result<console::console_options> options_of(const std::string& registry, const demo::made_up_cluster& cluster) {
  const config::settings s = settings_of(registry);
  console::console_options out;
  auto listen = server::parse_address("127.0.0.1:0");
  if (!listen) return fail(std::move(listen.error()));
  out.listen = *listen;
  auto history = store::history::open(":memory:", {});
  if (!history) return fail(std::move(history.error()));
  for (const store::observation& one : demo_history(cluster, registry, machine_clock().wall()))
    if (auto added = (*history)->add(one); !added) return fail(std::move(added.error()));
  out.history = std::move(*history);
  out.engine.checks = pipeline::checks_with(s.rules, "");
  out.engine.server = demo::made_up_cluster::address;
  out.engine.past_age = std::chrono::seconds(1);
  out.registries.schedule.interval = look_up_interval;
  out.is_demo = true;
  auto digests = access::registry_digests::open(s, environment());
  if (!digests) return fail(std::move(digests.error()));
  out.registries.lookup = lookup_of(std::move(*digests), cluster);
  return out;
}

result<bool> show() {
  demo::site site;
  if (auto ok = site.start(); !ok) return fail(std::move(ok.error()));
  demo::made_up_cluster cluster(site.images(), site.registry_name());
  auto options = options_of(site.registry_name(), cluster);
  if (!options) return fail(std::move(options.error()));
  asio::io_context control{1};
  auto to = std::make_shared<kube::api_connection>(cluster, made_up_address(), machine_processes(),
                                                   control.get_executor(), machine_clock());
  say(command_name, "The console on a made-up cluster and the demo's own registry; Ctrl-C ends it.");
  return serve_console(control, std::move(*options), std::move(to), command_name);
}

}  // namespace

int run_demo_console() {
  const auto has_served = show();
  if (!has_served) {
    say(command_name, has_served.error().message);
    return exit_code(has_served.error().code);
  }
  return *has_served ? exit_good : exit_failed;
}

}  // namespace pinhook::cli
