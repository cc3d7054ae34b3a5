#include <pinhook/access/access_reporter.hpp>
#include <pinhook/access/command_digests.hpp>
#include <pinhook/access/command_proofs.hpp>
#include <pinhook/access/node_config.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/explain.hpp>
#include <pinhook/cli/kind_list.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/pipeline/rule_report.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/tag_resolver.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

// Limit for reading secrets; --try adds the time limit of a look-up.
constexpr std::chrono::seconds reading_time{10};

int print_explanation(const explanation& output, output_format format) {
  const bool is_read_there = format == output_format::text && is_terminal(STDOUT_FILENO);
  fmt::print("{}", wrapped_rows(output.out, is_read_there ? text_columns(STDOUT_FILENO) : 0));
  fmt::print(stderr, "{}", output.err);
  return output.exit_code;
}

int refuse_explain(const error& e) {
  say("explain", e.message);
  return exit_code(e.code);
}

struct tried_lookup {
  access::access_report report;
  /// Only where the look-up was tried.
  std::optional<std::vector<pipeline::rule_verdict>> signatures{};
};

// The image by the digest that the look-up found.
std::optional<registry::reference> found_image(const access::access_report& report, const registry::reference& ref) {
  if (ref.is_pinned()) return ref;
  for (const auto& one : *report.attempts) {
    if (!one.was_asked || !one.answer) continue;
    if (const auto digest = registry::digest::parse(*one.answer)) return ref.with_digest(*digest);
  }
  return std::nullopt;
}

// What rules make of the signatures, read with the tenant's credentials; nothing where none is demanded.
result<std::optional<std::vector<pipeline::rule_verdict>>> judge_signatures(access::proof_tools with,
                                                                            const config::settings& s,
                                                                            const access::access_report& report,
                                                                            const registry::reference& ref) {
  const auto questions = pipeline::questions_about(s.rules, ref);
  const auto image = found_image(report, ref);
  if (questions.empty() || !image) return std::nullopt;
  auto answers = access::prove_images(std::move(with), s.verifiers, {{*image, questions}});
  if (!answers) return fail(std::move(answers.error()));
  return pipeline::find_rule_verdicts(s.rules, ref, answers->front());
}

access::told_count::listener tell_verifying() {
  return [tell = access::shown_progress("explain")](std::size_t done, std::size_t total) {
    tell("verifying", done, total);
  };
}

awaitable<bool> end_of(resolve::tag_resolver& one) {
  co_await one.stop();
  co_return true;
}

result<tried_lookup> find_report(const arguments& arguments, const config::settings& s,
                                 const registry::reference& ref) {
  asio::io_context io(1);
  auto access = access::registry_access::open(io, s, process_environment(), machine_clock(), nullptr);
  if (!access) return fail(std::move(access.error()));
  if (!arguments.ns.empty() && s.pull_secrets.mode != config::switch_state::off && (*access)->cluster().empty())
    return fail(error_code::invalid_input,
                "--namespace needs a Kubernetes API: set `kubeconfig`, or run it in a cluster");
  const std::chrono::nanoseconds span = arguments.tries ? reading_time + s.resolver.lookup_limit : reading_time;
  const deadline d = deadline::after(machine_clock().now(), span);
  const registry::tenant tenant{arguments.ns, arguments.service_account, arguments.pull_secrets};
  access::access_reporter reporter(**access, s);
  tried_lookup out{access::run_to_end(io, reporter.report(ref, tenant, arguments.tries, d))};
  if (!arguments.tries) return out;
  auto credentials = access::run_to_end(io, (*access)->tenants()->credentials_of(tenant, d));
  const auto reads = std::make_shared<resolve::tag_resolver>(io.get_executor(), (*access)->client(), machine_clock(),
                                                             nullptr, (*access)->resolver_options(s));
  auto judged = judge_signatures({io, **access, reads, std::move(credentials), tell_verifying()}, s, out.report, ref);
  access::run_to_end(io, end_of(*reads));
  if (!judged) return fail(std::move(judged.error()));
  out.signatures = std::move(*judged);
  return out;
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
  if (!ref) return print_explanation(explain(arguments.reference, format), format);
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
  const auto tried = find_report(arguments, found->values, *ref);
  if (!tried) return refuse_explain(tried.error());
  const auto matches = pipeline::find_rule_matches(found->values.rules, *ref);
  return print_explanation(
      explain(arguments.reference, format, &tried->report, &matches, tried->signatures ? &*tried->signatures : nullptr),
      format);
}

}  // namespace pinhook::cli
