#include <pinhook/cli/moves_output.hpp>

#include <pinhook/access/file_object.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/duration.hpp>
#include <pinhook/base/replace_file.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/console/stored_moves.hpp>
#include <pinhook/files/moves_file.hpp>

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <utility>

namespace pinhook::cli {
namespace {

// The key of the ConfigMap, which the webhook has as a file.
constexpr const char* moves_key = "moves.yaml";
constexpr std::chrono::minutes object_limit{1};

result<access::file_object_name> object_of(const cluster_arguments& options) {
  auto out = access::file_object_name::parse(false, options.moves_configmap);
  if (!out) return fail(std::move(out.error()).at("--moves-configmap"));
  out->manager = "pinhook-report";
  return out;
}

result<void> write_object(const cluster_arguments& options, const std::string& text, cluster_session& session) {
  const auto name = object_of(options);
  if (!name) return fail(name.error());
  const deadline limit = deadline::after(machine_clock().now(), object_limit);
  access::file_object_name read = *name;
  const auto held =
      access::run_to_end(session.io(), access::read_file_object(session.connection(), std::move(read), limit));
  if (!held) return fail(error(held.error()).at("--moves-configmap"));
  access::file_object_name written = *name;
  access::file_object changed{held->version, {{moves_key, text}}};
  const auto ok = access::run_to_end(
      session.io(), access::write_file_object(session.connection(), std::move(written), std::move(changed), limit));
  return ok ? ok : fail(error(ok.error()).at("--moves-configmap"));
}

}  // namespace

result<void> check_moves_options(const cluster_arguments& options, const rules::rule_set& rules) {
  if (!options.writes_moves()) return {};
  if (!options.moves_configmap.empty())
    if (const auto name = object_of(options); !name) return fail(name.error());
  const auto longest = rules.longest_cooldown();
  if (!options.cooldown && !longest)
    return fail(error_code::invalid_input,
                fmt::format("{}: no rule of the configuration has a cooldown: name the webhook's configuration with "
                            "--config FILE, or add --cooldown 72h",
                            options.moves_file.empty() ? "--moves-configmap" : "--moves-file"));
  if (options.cooldown && options.cooldown->count() == 0)
    return fail(error_code::invalid_input, "--cooldown: 0 means that moved tags do not wait; write 72h");
  if (options.cooldown && longest && *options.cooldown < *longest)
    return fail(error_code::invalid_input,
                fmt::format("--cooldown {} is shorter than that of a rule, {}: leave it out, or write {}",
                            duration_text(*options.cooldown), duration_text(*longest), duration_text(*longest)));
  return {};
}

result<resolve::tag_moves> earlier_moves(store::history* from, const rules::rule_set& rules, wall_time now) {
  if (from == nullptr) return resolve::tag_moves();
  auto made = console::earlier_moves(*from, rules, now);
  if (!made) return fail(std::move(made.error()).at("--store"));
  return made;
}

result<void> write_moves(store::history& from, const cluster_arguments& options, const rules::rule_set& rules,
                         wall_time now, cluster_session& session) {
  const auto cooldown = options.cooldown ? options.cooldown : rules.longest_cooldown();
  const auto made = console::stored_moves(from, {.cooldown = *cooldown, .written = now, .rules = &rules});
  if (!made) return fail(error(made.error()).at("--store"));
  const std::string text = files::write_moves(made->moves);
  if (!options.moves_file.empty())
    if (auto ok = replace_file(options.moves_file, text); !ok) return fail(std::move(ok.error()).at("--moves-file"));
  if (!options.moves_configmap.empty())
    if (auto ok = write_object(options, text, session); !ok) return ok;
  if (made->left_out > 0)
    say("report", fmt::format("{}: {} tags are left out for lack of room, {} of which moved: those have no cooldown",
                              options.moves_file.empty() ? options.moves_configmap : options.moves_file, made->left_out,
                              made->left_out_moved));
  return {};
}

}  // namespace pinhook::cli
