#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/explain.hpp>
#include <pinhook/cli/kind_list.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/registry/reference.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <cstdio>
#include <utility>

namespace pinhook::cli {
namespace {

// For reading secrets; trying has the time of a look-up besides.
constexpr std::chrono::seconds reading_time{10};

int print(const explanation& what) {
  fmt::print("{}", what.out);
  fmt::print(stderr, "{}", what.err);
  return what.exit_code;
}

int refuse(const error& e) {
  say("explain", e.message);
  return exit_code(e.code);
}

result<access::access_report> ask(const arguments& said, const config::settings& s, const registry::reference& ref) {
  asio::io_context io(1);
  auto access = access::registry_access::open(io, s, config::environment(), machine_clock(), nullptr);
  if (!access) return fail(std::move(access.error()));
  if (!said.ns.empty() && s.pull_secrets.mode != config::switch_state::off && (*access)->cluster().empty())
    return fail(error_code::invalid_input,
                "--namespace needs a Kubernetes API: set `kubeconfig`, or run it in a cluster");
  const std::chrono::nanoseconds span = said.tries ? reading_time + s.resolver.lookup_limit : reading_time;
  const deadline d = deadline::after(machine_clock().now(), span);
  registry::tenant who{said.ns, said.service_account, said.pull_secrets};
  return access::run_to_end(io, (*access)->report(ref, std::move(who), said.tries, d));
}

}  // namespace

int explain(const arguments& said) {
  const auto format = said.output == "json" ? output_format::json : output_format::text;
  if (said.lists_kinds) {
    if (const auto ok = print_text(kind_list(format)); !ok) {
      fmt::print(stderr, "pinhook explain: {}\n", ok.error().message);
      return exit_failed;
    }
    return exit_good;
  }
  const auto ref = registry::reference::parse(said.reference);
  if (!ref) return print(explain(said.reference, format));
  if (said.ns.empty() && (!said.service_account.empty() || !said.pull_secrets.empty()))
    return refuse({error_code::invalid_input, "--service-account and --pull-secret need --namespace", std::nullopt});
  auto found = config::settings_for(said.configuration, config::environment());
  if (!found) return refuse(found.error());
  // Without a namespace there is no secret to read, and no cluster to be reached.
  if (said.ns.empty()) found->values.pull_secrets.mode = config::switch_state::off;
  // What is worth a line stands in the report.
  log::configure({.least = log::level::error, .shape = found->values.log.format});
  const auto how = ask(said, found->values, *ref);
  if (!how) return refuse(how.error());
  const auto matches = pipeline::find_rule_matches(found->values.rules, *ref);
  return print(explain(said.reference, format, &*how, &matches));
}

}  // namespace pinhook::cli
