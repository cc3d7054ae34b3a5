#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/short_run.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/lock_run.hpp>

#include <optional>
#include <string>
#include <utility>

namespace pinhook::cli {
namespace {

constexpr std::string_view lock_name = "lock";

std::optional<files::lock_format> chosen_lock_format(const file_arguments& arguments) {
  if (arguments.lock_format == "kbld") return files::lock_format::kbld;
  if (arguments.lock_format == "pinhook") return files::lock_format::pinhook;
  return std::nullopt;
}

}  // namespace

int lock(const arguments& arguments) {
  const auto& options = arguments.files;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(lock_name, s.error());
  auto existing = read_existing_lock(options.lock_file);
  if (!existing) return refuse_run(lock_name, existing.error());
  auto wait = cooldown_of(options);
  if (!wait) return refuse_run(lock_name, wait.error());
  const auto places = image_places_of(*s);
  prepare_file_run();
  const auto inputs = pipeline::read_inputs(options.paths, places);
  if (!inputs) return refuse_run(lock_name, inputs.error());
  pipeline::lock_run run({.path = options.lock_file,
                          .existing = std::move(*existing),
                          .format = chosen_lock_format(options),
                          .updates = options.update,
                          .prunes = options.prune,
                          .keeps_going = options.keep_going,
                          .orders = orders_of(options, *s),
                          .wait = *std::move(wait)},
                         *inputs, places);
  return run_files({lock_name, options.quiet}, run, [&] {
    auto choice = digest_choice_of(lock_name, options);
    // The lock file is written, not read from.
    choice.lock_file.clear();
    return access::open_digests(choice, *s, variables);
  });
}

}  // namespace pinhook::cli
