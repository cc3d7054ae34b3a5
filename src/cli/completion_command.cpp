#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/completion.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>

#include <fmt/core.h>

#include <cstdio>

namespace pinhook::cli {

int completion(const arguments& arguments) {
  const auto shell = parse_shell(arguments.shell);
  if (!shell) {
    say("completion", quoted(arguments.shell) + " is not a supported shell");
    return exit_usage;
  }
  if (auto ok = print_text(completion_script(*shell, describe_command_line())); !ok) {
    say("completion", ok.error().message);
    return exit_failed;
  }
  return exit_good;
}

}  // namespace pinhook::cli
