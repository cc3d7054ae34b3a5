#include <pinhook/access/adopt_pins.hpp>
#include <pinhook/access/read_fleet.hpp>
#include <pinhook/access/restart_workloads.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/cluster_registries.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/fleet/adoption.hpp>
#include <pinhook/fleet/adoption_report.hpp>
#include <pinhook/fleet/make_rows.hpp>
#include <pinhook/fleet/rollout.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view adopt_name = "adopt";
// A write takes some 10 ms; a thousand workloads are read and written within it.
constexpr std::chrono::minutes writing_limit{15};

result<std::vector<fleet::workload_name>> parse_names(const std::vector<std::string>& texts) {
  std::vector<fleet::workload_name> out;
  for (const auto& text : texts) {
    auto one = fleet::workload_name::parse(text);
    if (!one) return fail(std::move(one.error()));
    out.push_back(std::move(*one));
  }
  return out;
}

// A name without a workload is an error before anything is written.
result<void> check_names(const std::vector<fleet::workload_name>& names, const fleet::state& all) {
  for (const auto& name : names)
    if (std::ranges::none_of(all.workloads, [&](const fleet::workload& w) { return name.matches(w.id); }))
      return fail(error_code::invalid_input,
                  fmt::format("{} is in none of these namespaces, or has no images; -n names another namespace, -A "
                              "takes all",
                              quoted(name.text())));
  return {};
}

// Asks registries for the digests and the tags of the pending images: what is not there, or is one platform's, is left.
result<void> check_registries(const registries_question& question, asking_tenants asking,
                              std::vector<fleet::workload_adoption>& plan) {
  std::vector<fleet::image_adoption*> pending;
  std::vector<registry::reference> refs;
  for (auto& workload : plan)
    for (auto& one : workload.images)
      if (one.state == fleet::adoption_state::pending) {
        pending.push_back(&one);
        refs.push_back(fleet::pinned_image(one));
        refs.push_back(*one.tag);
        const auto of_tag = asking[one.tag->canonical()];
        auto& of_digest = asking[fleet::pinned_image(one).canonical()];
        of_digest.insert(of_digest.end(), of_tag.begin(), of_tag.end());
      }
  if (refs.empty()) return {};
  auto registries = open_registries(question, std::move(asking));
  if (!registries) return fail(std::move(registries.error()));
  for (const auto& line : registries->troubles) say(adopt_name, line);
  const auto answers = registries->digests->find_manifests(refs);
  for (std::size_t i = 0; i < pending.size(); ++i)
    fleet::check_manifests(*pending[i], answers[2 * i], answers[2 * i + 1]);
  return {};
}

int print_adoption(const std::vector<fleet::workload_adoption>& all, const arguments& arguments) {
  const bool is_dry = !arguments.adopt.dry_run.empty();
  const auto text =
      arguments.of_cluster.output == "json" ? fleet::adoption_json(all, is_dry) : fleet::adoption_table(all, is_dry);
  if (const auto ok = print_text(text); !ok) {
    say(adopt_name, ok.error().message);
    return exit_failed;
  }
  if (!arguments.of_cluster.quiet) say(adopt_name, fleet::adoption_summary(all, is_dry));
  const bool has_left = std::ranges::any_of(all, [](const auto& one) { return one.has(fleet::adoption_state::left); });
  return has_left ? exit_failed : exit_good;
}

// Rolls out what is recorded, and prints: a table before, since rollouts take minutes, JSON with their outcome behind.
int restart_and_print(cluster_session& session, const std::vector<fleet::workload_adoption>& adopted,
                      const arguments& arguments) {
  const bool is_json = arguments.of_cluster.output == "json";
  int code = is_json ? exit_good : print_adoption(adopted, arguments);
  access::restart_request request{.plan = adopted};
  if (arguments.adopt.timeout) request.timeout = *arguments.adopt.timeout;
  request.on_progress = [&](const fleet::workload_adoption& one) {
    const bool is_good =
        one.rollout->state == fleet::rollout_state::ready || one.rollout->state == fleet::rollout_state::not_started;
    if (!is_good || !arguments.of_cluster.quiet) say(adopt_name, fleet::rollout_line(one));
  };
  const auto done =
      access::run_to_end(session.io(), access::restart_workloads(session.connection(), std::move(request), {}));
  if (is_json) code = print_adoption(done, arguments);
  if (!arguments.of_cluster.quiet) say(adopt_name, fleet::rollout_summary(done));
  const bool is_whole = std::ranges::all_of(done, [](const fleet::workload_adoption& one) {
    return !one.rollout || one.rollout->state == fleet::rollout_state::ready || !fleet::has_rollouts(one.id);
  });
  return is_whole ? code : exit_failed;
}

int refuse_adopt(const error& e) {
  say(adopt_name, e.message);
  return exit_code_of_cluster(e);
}

}  // namespace

int adopt(const arguments& arguments) {
  const cluster_arguments& options = arguments.of_cluster;
  const environment variables = process_environment();
  const auto names = parse_names(arguments.adopt.names);
  if (!names) return refuse_run(adopt_name, names.error());
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(adopt_name, s.error());
  auto session = cluster_session::open(options, *s, variables);
  if (!session) return refuse_adopt(session.error());
  const auto read = (*session)->read();
  if (!read) return refuse_adopt(read.error());
  for (const auto& line : access::trouble_lines(read->troubles)) say(adopt_name, line);
  if (const auto ok = check_names(*names, read->state); !ok) return refuse_adopt(ok.error());
  auto plan = fleet::plan_adoption(read->state, *names);
  if (const auto ok =
          check_registries({adopt_name, **session, options, *s, variables}, fleet::asking_tenants(read->state), plan);
      !ok)
    return refuse_run(adopt_name, ok.error());
  access::adopt_request request{.plan = std::move(plan),
                                .is_dry_run = !arguments.adopt.dry_run.empty(),
                                .takes_over = arguments.adopt.forces_conflicts};
  const auto done =
      access::run_to_end((*session)->io(), access::adopt_pins((*session)->connection(), std::move(request),
                                                              deadline::after(machine_clock().now(), writing_limit)));
  if (!done) return refuse_adopt(done.error());
  const int code =
      arguments.adopt.restarts ? restart_and_print(**session, *done, arguments) : print_adoption(*done, arguments);
  return read->troubles.empty() ? code : exit_lookup;
}

}  // namespace pinhook::cli
