#include <pinhook/access/read_fleet.hpp>
#include <pinhook/base/duration.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/replace_file.hpp>
#include <pinhook/cli/cluster_registries.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/cli/write_reports.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/files/moves_file.hpp>
#include <pinhook/fleet/make_rows.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/fleet/report_history.hpp>
#include <pinhook/fleet/report_moves.hpp>
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

// Writes --moves-file from all that the store remembers.
result<void> write_moves_file(store::history& from, const cluster_arguments& options, const rules::rule_set& rules,
                              wall_time now) {
  const auto cooldown = options.cooldown ? options.cooldown : rules.longest_cooldown();
  const auto waiting = from.waiting(now, *cooldown);
  if (!waiting) return fail(error(waiting.error()).at("--store"));
  const auto tags = from.tags(now - std::chrono::duration_cast<wall_time::duration>(*cooldown));
  if (!tags) return fail(error(tags.error()).at("--store"));
  const auto made = fleet::moves_of(*waiting, *tags, {.cooldown = *cooldown, .written = now, .rules = &rules});
  if (auto ok = replace_file(options.moves_file, files::write_moves(made.moves)); !ok)
    return fail(std::move(ok.error()).at("--moves-file"));
  if (made.left_out > 0)
    say(report_name, fmt::format("{}: {} tags are left out for lack of room, {} of which moved: those have no cooldown",
                                 options.moves_file, made.left_out, made.left_out_moved));
  return {};
}

// The length of the cooldown must be known, and not be less than what a rule asks for.
result<void> check_moves_options(const cluster_arguments& options, const rules::rule_set& rules) {
  if (options.moves_file.empty()) return {};
  const auto longest = rules.longest_cooldown();
  if (!options.cooldown && !longest)
    return fail(error_code::invalid_input,
                "--moves-file: no rule of the configuration has a cooldown: name the webhook's configuration with "
                "--config FILE, or add --cooldown 72h");
  if (options.cooldown && options.cooldown->count() == 0)
    return fail(error_code::invalid_input, "--cooldown: 0 means that moved tags do not wait; write 72h");
  if (options.cooldown && longest && *options.cooldown < *longest)
    return fail(error_code::invalid_input,
                fmt::format("--cooldown {} is shorter than that of a rule, {}: leave it out, or write {}",
                            duration_text(*options.cooldown), duration_text(*longest), duration_text(*longest)));
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
  const fleet::row_options row_options{
      .checks = &checks,
      .what_if = options.what_if.empty() ? std::nullopt : pin::parse_mode(options.what_if),
      .format = s->pin.format};
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
  out.made_at = machine_clock().wall();
  // A report that cannot be remembered is an error, and is printed nevertheless.
  int worst = exit_good;
  if (memory)
    if (const auto ok = remember(*memory, scope, out); !ok) {
      say(report_name, ok.error().message);
      worst = exit_usage;
    }
  // Of the report that the store holds now; without it, the file stays as it is.
  if (!options.moves_file.empty() && worst == exit_good)
    if (const auto ok = write_moves_file(*memory, options, s->rules, out.made_at); !ok) {
      say(report_name, ok.error().message);
      worst = exit_usage;
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
  if (!out.troubles.empty() || !is_written) return exit_lookup;
  return totals.findings > 0 ? exit_failed : exit_good;
}

}  // namespace pinhook::cli
