#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/short_run.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/pin_run.hpp>

#include <utility>

namespace pinhook::cli {
namespace {

pipeline::run_target target_of(const file_arguments& arguments) {
  if (arguments.in_place) return pipeline::run_target::in_place;
  return arguments.diff ? pipeline::run_target::diff : pipeline::run_target::standard_output;
}

int rewrite(std::string_view command, pipeline::pin_task task, const arguments& arguments) {
  const auto& options = arguments.files;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(command, s.error());
  const auto places = image_places_of(*s);
  prepare_file_run();
  auto inputs = pipeline::read_inputs(options.paths, places);
  if (!inputs) return refuse_run(command, inputs.error());
  pipeline::pin_run_options chosen{.task = task, .target = target_of(options), .keeps_going = options.keep_going};
  // A tag is given back whatever the rules are.
  if (task != pipeline::pin_task::unpin) {
    chosen.format = format_of(options, *s);
    chosen.orders = orders_of(options, *s);
    chosen.around = pipeline::kustomizations_around(pipeline::paths_of(*inputs));
  }
  if (options.cooldown) {
    auto existing = read_existing_lock(options.lock_file);
    if (!existing) return refuse_run(command, existing.error());
    auto wait = cooldown_of(options);
    if (!wait) return refuse_run(command, wait.error());
    chosen.memory = pipeline::pin_memory{options.lock_file, std::move(*existing), *std::move(wait)};
  }
  pipeline::pin_run run(std::move(chosen), std::move(*inputs), places);
  const run_options to{.command = command, .is_quiet = options.quiet, .keeps_going = options.keep_going};
  return run_files(to, run, [&] {
    auto choice = digest_choice_of(command, options);
    // With a cooldown, the lock file remembers and registries are asked.
    if (options.cooldown) choice.lock_file.clear();
    return access::open_digests(choice, *s, variables);
  });
}

}  // namespace

int pin(const arguments& arguments) {
  return rewrite("pin", arguments.files.update ? pipeline::pin_task::update : pipeline::pin_task::pin, arguments);
}

int unpin(const arguments& arguments) { return rewrite("unpin", pipeline::pin_task::unpin, arguments); }

}  // namespace pinhook::cli
