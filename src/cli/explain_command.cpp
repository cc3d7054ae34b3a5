#include <pinhook/access/access_reporter.hpp>
#include <pinhook/access/node_config.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/environment.hpp>
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

// Limit for reading secrets; --try adds the time limit of a look-up.
constexpr std::chrono::seconds reading_time{10};

int print_explanation(const explanation& output) {
  fmt::print("{}", output.out);
  fmt::print(stderr, "{}", output.err);
  return output.exit_code;
}

int refuse_explain(const error& e) {
  say("explain", e.message);
  return exit_code(e.code);
}

result<access::access_report> find_report(const arguments& arguments, const config::settings& s,
                                          const registry::reference& ref) {
  asio::io_context io(1);
  auto access = access::registry_access::open(io, s, process_environment(), machine_clock(), nullptr);
  if (!access) return fail(std::move(access.error()));
  if (!arguments.ns.empty() && s.pull_secrets.mode != config::switch_state::off && (*access)->cluster().empty())
    return fail(error_code::invalid_input,
                "--namespace needs a Kubernetes API: set `kubeconfig`, or run it in a cluster");
  const std::chrono::nanoseconds span = arguments.tries ? reading_time + s.resolver.lookup_limit : reading_time;
  const deadline d = deadline::after(machine_clock().now(), span);
  registry::tenant tenant{arguments.ns, arguments.service_account, arguments.pull_secrets};
  access::access_reporter reporter(**access, s);
  return access::run_to_end(io, reporter.report(ref, std::move(tenant), arguments.tries, d));
}

}  // namespace

int explain(const arguments& arguments) {
  const auto format = arguments.output == "json" ? output_format::json : output_format::text;
  if (arguments.lists_kinds) {
    if (const auto ok = print_text(kind_list(format)); !ok) {
      fmt::print(stderr, "pinhook explain: {}\n", ok.error().message);
      return exit_failed;
    }
    return exit_good;
  }
  const auto ref = registry::reference::parse(arguments.reference);
  if (!ref) return print_explanation(explain(arguments.reference, format));
  if (arguments.ns.empty() && (!arguments.service_account.empty() || !arguments.pull_secrets.empty()))
    return refuse_explain(
        {error_code::invalid_input, "--service-account and --pull-secret need --namespace", std::nullopt});
  config::settings start;
  start.for_command = true;
  auto found = config::settings_for(arguments.configuration, process_environment(), std::move(start));
  if (!found) return refuse_explain(found.error());
  if (!arguments.node_config.empty()) {
    const auto notes = access::use_node_config(arguments.node_config, found->values);
    if (!notes) return refuse_explain(notes.error());
    for (const auto& note : *notes) say("explain", note);
  }
  // Without a namespace there is no secret to read, so no cluster is needed.
  if (arguments.ns.empty()) found->values.pull_secrets.mode = config::switch_state::off;
  // The report shows failures, so the log needs only errors.
  log::configure({.least = log::level::error, .shape = found->values.log.format});
  const auto report = find_report(arguments, found->values, *ref);
  if (!report) return refuse_explain(report.error());
  const auto matches = pipeline::find_rule_matches(found->values.rules, *ref);
  return print_explanation(explain(arguments.reference, format, &*report, &matches));
}

}  // namespace pinhook::cli
