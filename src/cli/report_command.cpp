#include <pinhook/access/read_fleet.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/cluster_registries.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/moves_output.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/cli/write_reports.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/fleet/make_rows.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/fleet/report_history.hpp>
#include <pinhook/fleet/row.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/store/history.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view report_name = "report";

// What registries say, and the look-ups that failed for another reason than that there is no such image.
struct asked_registries {
  fleet::registry_facts facts;
  std::vector<std::string> failures;
  /// Null: none was asked.
  std::unique_ptr<access::registry_digests> source{};
};

result<asked_registries> ask_registries(const registries_question& question, const fleet::state& state) {
  asked_registries out;
  const auto refs = fleet::wanted_references(state);
  if (refs.empty()) return out;
  auto registries = open_registries(question, fleet::asking_tenants(state));
  if (!registries) return fail(std::move(registries.error()));
  out.failures = std::move(registries->troubles);
  auto answers = registries->digests->find_manifests(refs);
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
  out.source = std::move(registries->digests);
  return out;
}

// The rows, with what verifiers say about the images where rules demand signatures and registries may be asked.
result<std::vector<fleet::row>> judged_rows(const fleet::state& state, asked_registries& asked, bool has_registry,
                                            fleet::row_options options) {
  const fleet::registry_facts* facts = has_registry ? &asked.facts : nullptr;
  auto rows = fleet::make_rows(state, facts, options);
  if (asked.source == nullptr) return rows;
  rules::proof_requests questions;
  for (const fleet::row& one : rows) fleet::add_questions(one, options, questions);
  const auto requests = questions.take();
  if (requests.empty()) return rows;
  auto answers = asked.source->prove(requests);
  if (!answers) return fail(std::move(answers.error()));
  const rules::image_proofs proofs(requests, std::move(*answers));
  options.proofs = &proofs;
  rows = fleet::make_rows(state, facts, options);
  for (const fleet::row& one : rows)
    asked.failures.insert(asked.failures.end(), one.unverified.begin(), one.unverified.end());
  std::ranges::sort(asked.failures);
  const auto same = std::ranges::unique(asked.failures);
  asked.failures.erase(same.begin(), same.end());
  return rows;
}

int refuse_report(const error& e) {
  say(report_name, e.message);
  return exit_code_of_cluster(e);
}

fleet::reading_scope scope_of(const cluster_arguments& options, const cluster_session& session,
                              const access::fleet_reading& read, const asked_registries& asked) {
  fleet::reading_scope out{.server = session.server()};
  if (!options.all_namespaces)
    for (const auto& [name, state] : read.state.namespaces) out.namespaces.push_back(name);
  out.has_selector = !options.selector.empty();
  for (const auto& one : read.troubles) out.unread.insert(one.ns);
  out.has_all_answers = asked.failures.empty();
  return out;
}

store::history_options history_options_of(const cluster_arguments& options) {
  store::history_options out;
  if (options.retention) out.retention = std::chrono::floor<std::chrono::hours>(*options.retention);
  if (options.most_ended) out.most_ended = *options.most_ended;
  return out;
}

// Remembers the report, and fills in what is known of earlier ones.
result<void> remember(store::history& to, const fleet::reading_scope& scope, fleet::report& r) {
  const auto records = to.add(fleet::observation_of(r, scope));
  if (!records) return fail(error(records.error()).at("--store"));
  fleet::take_records(r.rows, *records);
  const auto since = r.made_at - fleet::shown_history;
  auto moves = to.moves(since);
  if (!moves) return fail(std::move(moves.error()).at("--store"));
  auto findings = to.findings(scope.server, since);
  if (!findings) return fail(std::move(findings.error()).at("--store"));
  fleet::take_history(r, std::move(*moves), std::move(*findings));
  return {};
}

}  // namespace

int report(const arguments& arguments) {
  const cluster_arguments& options = arguments.of_cluster;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(report_name, s.error());
  if (const auto ok = check_moves_options(options, s->rules); !ok) return refuse_run(report_name, ok.error());
  // First, so that a store that cannot be used costs no reading.
  std::unique_ptr<store::history> memory;
  if (!options.store.empty()) {
    auto opened = store::history::open(options.store, history_options_of(options));
    if (!opened) return refuse_run(report_name, std::move(opened.error()).at("--store"));
    memory = std::move(*opened);
  }
  auto session = cluster_session::open(options, *s, variables);
  if (!session) return refuse_report(session.error());
  auto read = (*session)->read();
  if (!read) return refuse_report(read.error());
  asked_registries asked;
  if (!options.no_registry) {
    auto answers = ask_registries({report_name, **session, options, *s, variables}, read->state);
    if (!answers) return refuse_run(report_name, answers.error());
    asked = std::move(*answers);
  }
  const std::string file = arguments.configuration.file.empty() ? std::string(variable(variables, "PINHOOK_CONFIG"))
                                                                : arguments.configuration.file;
  const auto checks = pipeline::checks_with(s->rules, file);
  const wall_time now = machine_clock().wall();
  const auto moves = earlier_moves(memory.get(), s->rules, now);
  if (!moves) return refuse_run(report_name, moves.error());
  const fleet::row_options row_options{
      .checks = &checks,
      .what_if = options.what_if.empty() ? std::nullopt : pin::parse_mode(options.what_if),
      .format = s->pin.format,
      .moves = &*moves,
      .now = now};
  const auto format = fleet::parse_report_format(options.output).value_or(fleet::report_format::table);
  fleet::report out;
  auto rows = judged_rows(read->state, asked, !options.no_registry, row_options);
  if (!rows) return refuse_run(report_name, rows.error());
  out.rows = std::move(*rows);
  const auto scope = scope_of(options, **session, *read, asked);
  out.namespaces = std::move(read->state.namespaces);
  out.versions = std::move(read->state.versions);
  out.rules = fleet::rules_of_report(checks);
  out.troubles = access::trouble_lines(read->troubles);
  out.troubles.insert(out.troubles.end(), asked.failures.begin(), asked.failures.end());
  out.has_registry = !options.no_registry;
  out.origin = (*session)->origin();
  out.made_at = now;
  // A report that cannot be remembered is an error, and is printed nevertheless.
  int worst = exit_good;
  if (memory)
    if (const auto ok = remember(*memory, scope, out); !ok) {
      say(report_name, ok.error().message);
      worst = exit_usage;
    }
  // Of the report that the store holds now; without it, what was written before stays.
  if (options.writes_moves() && worst == exit_good)
    if (const auto ok = write_moves(*memory, options, s->rules, out.made_at, **session); !ok) {
      say(report_name, ok.error().message);
      worst = options.moves_configmap.empty() ? exit_usage : exit_code_of_cluster(ok.error());
    }
  const bool has_colour = format == fleet::report_format::table && wants_colour();
  if (const auto ok = print_text(fleet::write_report(format, out, {.has_colour = has_colour})); !ok) {
    say(report_name, ok.error().message);
    return exit_usage;
  }
  for (const auto& one : out.troubles) say(report_name, one);
  const bool is_written = !options.writes_reports || write_reports(**session, out, options, read->troubles);
  const auto totals = fleet::totals_of(out);
  if (!options.quiet) say(report_name, fleet::summary(totals));
  if (worst != exit_good) return worst;
  if (!is_written || (!out.troubles.empty() && !options.exits_zero)) return exit_lookup;
  return totals.findings > 0 && !options.exits_zero ? exit_failed : exit_good;
}

}  // namespace pinhook::cli
