#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/config/command_settings.hpp>

namespace pinhook::cli {

int pin(const arguments& arguments) {
  const auto s = config::settings_for_files(arguments.configuration.file, process_environment());
  if (!s) return refuse_run("pin", s.error());
  const auto format = format_of(arguments.files, *s);
  return rewrite_files({.command = "pin",
                        .task = arguments.files.update ? pipeline::pin_task::update : pipeline::pin_task::pin,
                        .format = format,
                        .orders = orders_of(arguments.files, *s),
                        .target = target_of(arguments.files),
                        .keeps_going = arguments.files.keep_going},
                       arguments.files, *s,
                       [&] { return access::open_digests(choice_of(arguments.files), *s, process_environment()); });
}

}  // namespace pinhook::cli
