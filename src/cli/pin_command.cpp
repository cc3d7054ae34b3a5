#include <pinhook/access/command_digests.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/config/command_settings.hpp>

namespace pinhook::cli {

int pin(const arguments& said) {
  const auto s = config::settings_for_files(said.configuration.file, config::environment());
  if (!s) return refuse_run("pin", s.error());
  const auto format = format_of(said.files, *s);
  return rewrite_files({.command = "pin",
                        .task = said.files.update ? pipeline::pin_task::update : pipeline::pin_task::pin,
                        .format = format,
                        .orders = orders_of(said.files, *s),
                        .target = target_of(said.files),
                        .keeps_going = said.files.keep_going},
                       said.files, *s,
                       [&] { return access::open_digests(choice_of(said.files), *s, config::environment()); });
}

}  // namespace pinhook::cli
