#include <pinhook/access/command_digests.hpp>
#include <pinhook/access/read_fleet.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/fleet/make_rows.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/fleet/row.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/http/proxy.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/find_cluster.hpp>
#include <pinhook/kube/names.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/check_rules.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view report_name = "report";

// The time of a reading. A page of 500 objects takes a second at most, and the largest clusters have some 300.
constexpr std::chrono::minutes reading_limit{15};

struct report_input {
  access::fleet_reading read;
  std::string origin;
};

// invalid_input: a name that no namespace has.
result<std::vector<std::string>> namespaces_of(const cluster_arguments& options, const kube::cluster& where) {
  if (options.all_namespaces) return std::vector<std::string>();
  std::vector<std::string> out = options.namespaces;
  if (out.empty()) out.push_back(where.ns);
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  for (const auto& one : out)
    if (!kube::is_namespace_name(one))
      return fail(error_code::invalid_input, fmt::format("{} is not a valid name of a namespace", quoted(one)));
  return out;
}

// A line that is rewritten in place and gone at the end.
void print_reading(std::size_t done, std::size_t total, std::size_t objects) {
  constexpr const char* back_and_clear = "\r\x1b[K";
  if (done < total)
    fmt::print(stderr, "{}reading {}/{} lists, {} objects", back_and_clear, done, total, objects);
  else
    fmt::print(stderr, "{}", back_and_clear);
  std::fflush(stderr);
}

result<report_input> read_cluster(const cluster_arguments& options, const config::settings& s, const environment& all) {
  auto selector = fleet::label_selector::parse(options.selector);
  if (!selector) return fail(std::move(selector.error()).at("--selector"));
  auto where = kube::find_cluster_of_person(
      {options.kubeconfig.empty() ? s.kubeconfig : options.kubeconfig, options.context}, all);
  if (!where) {
    where.error().code = error_code::invalid_input;
    return fail(std::move(where.error()));
  }
  auto namespaces = namespaces_of(options, *where);
  if (!namespaces) return fail(std::move(namespaces.error()));
  access::fleet_question question{.namespaces = std::move(*namespaces), .selector = std::move(*selector)};
  question.kinds = s.pin.kinds;
  if (!options.quiet && is_terminal(STDERR_FILENO)) question.on_progress = print_reading;
  asio::io_context io(1);
  http::curl_client_options http_options;
  http_options.proxy = http::proxy_from_environment();
  http_options.guards_addresses = false;
  http::curl_client http(io, http_options);
  report_input out{{}, where->origin};
  kube::api_connection to(http, std::move(*where), machine_processes(), io.get_executor(), machine_clock());
  auto read = access::run_to_end(io, access::read_fleet(to, io.get_executor(), std::move(question),
                                                        deadline::after(machine_clock().now(), reading_limit)));
  if (!read) return fail(std::move(read.error()));
  out.read = std::move(*read);
  return out;
}

// What registries say, and the look-ups that failed for another reason than that there is no such image.
struct asked_registries {
  fleet::registry_facts facts;
  std::vector<std::string> failures;
};

result<asked_registries> ask_registries(const fleet::state& state, const cluster_arguments& options,
                                        const config::settings& s, const environment& all) {
  asked_registries out;
  const auto refs = fleet::wanted_references(state);
  if (refs.empty()) return out;
  auto progress = options.quiet ? access::registry_digests::progress() : access::shown_progress(report_name);
  auto registries = access::registry_digests::open(s, all, std::move(progress));
  if (!registries) return fail(std::move(registries.error()));
  auto answers = (*registries)->find_manifests(refs);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (answers[i]) {
      const registry::digest digest = answers[i]->digest;
      out.facts.manifests.insert_or_assign(digest, std::move(*answers[i]));
      out.facts.answers.emplace(refs[i].canonical(), digest);
      continue;
    }
    if (answers[i].error().code != error_code::not_found) out.failures.push_back(answers[i].error().message);
    out.facts.answers.emplace(refs[i].canonical(), fail(std::move(answers[i].error())));
  }
  return out;
}

int refuse_report(const error& e) {
  say(report_name, e.message);
  return e.code == error_code::invalid_input || e.code == error_code::unsupported ? exit_usage : exit_lookup;
}

}  // namespace

int report(const arguments& arguments) {
  const cluster_arguments& options = arguments.of_cluster;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(report_name, s.error());
  auto input = read_cluster(options, *s, variables);
  if (!input) return refuse_report(input.error());
  asked_registries asked;
  if (!options.no_registry) {
    auto answers = ask_registries(input->read.state, options, *s, variables);
    if (!answers) return refuse_run(report_name, answers.error());
    asked = std::move(*answers);
  }
  const std::string file = arguments.configuration.file.empty() ? std::string(variable(variables, "PINHOOK_CONFIG"))
                                                                : arguments.configuration.file;
  const auto checks = pipeline::checks_with(s->rules, file);
  const fleet::row_options row_options{
      .checks = &checks,
      .what_if = options.what_if.empty() ? std::nullopt : pin::parse_mode(options.what_if),
      .format = s->pin.format};
  const auto format = fleet::parse_report_format(options.output).value_or(fleet::report_format::table);
  fleet::report out;
  out.rows = fleet::make_rows(input->read.state, options.no_registry ? nullptr : &asked.facts, row_options);
  out.namespaces = std::move(input->read.state.namespaces);
  out.rules = fleet::rules_of_report(checks);
  out.troubles = access::trouble_lines(input->read.troubles);
  out.troubles.insert(out.troubles.end(), asked.failures.begin(), asked.failures.end());
  out.has_registry = !options.no_registry;
  out.origin = std::move(input->origin);
  out.made_at = machine_clock().wall();
  const bool has_colour = format == fleet::report_format::table && wants_colour();
  if (const auto ok = print_text(fleet::write_report(format, out, {.has_colour = has_colour})); !ok) {
    say(report_name, ok.error().message);
    return exit_usage;
  }
  for (const auto& one : out.troubles) say(report_name, one);
  const auto totals = fleet::totals_of(out);
  if (!options.quiet) say(report_name, fleet::summary(totals));
  if (!out.troubles.empty()) return exit_lookup;
  return totals.findings > 0 ? exit_failed : exit_good;
}

}  // namespace pinhook::cli
