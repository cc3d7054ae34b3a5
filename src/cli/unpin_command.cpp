#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/config/command_settings.hpp>

namespace pinhook::cli {

int unpin(const arguments& arguments) {
  const auto s = config::settings_for_files(arguments.configuration.file, process_environment());
  if (!s) return refuse_run("unpin", s.error());
  return rewrite_files({.command = "unpin",
                        .task = pipeline::pin_task::unpin,
                        .target = target_of(arguments.files),
                        .keeps_going = arguments.files.keep_going},
                       arguments.files, *s, {});
}

}  // namespace pinhook::cli
