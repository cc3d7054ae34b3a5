#include <pinhook/cli/commands.hpp>

#include <pinhook/base/replace_file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/cli/command_line.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/help_text.hpp>
#include <pinhook/cli/manual_page.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/parse_arguments.hpp>
#include <pinhook/cli/standard_output.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace pinhook::cli {
namespace {

int write_manual(const std::string& directory) {
  for (const auto& page : manual_pages(describe_command_line()))
    if (const auto ok = replace_file(directory + "/" + page.name, page.text); !ok) {
      say("help", ok.error().message);
      return exit_code(ok.error().code);
    }
  return exit_good;
}

int print_help(const arguments& arguments) {
  if (!arguments.manual_directory.empty()) return write_manual(arguments.manual_directory);
  fmt::print("{}", help_text(describe_command_line(), arguments.topic, text_columns(STDOUT_FILENO)));
  return exit_good;
}

int print_version(const arguments&) {
  fmt::print("pinhook {}\n", PINHOOK_VERSION);
  return exit_good;
}

struct command_row {
  cli::command command;
  int (*run)(const arguments&);
};

constexpr std::array<command_row, 18> command_rows{{{command::help, print_help},
                                                    {command::version, print_version},
                                                    {command::explain, explain},
                                                    {command::serve, serve},
                                                    {command::demo, run_demo},
                                                    {command::pin, pin},
                                                    {command::unpin, unpin},
                                                    {command::check, check},
                                                    {command::lock, lock},
                                                    {command::resolve, resolve},
                                                    {command::verify, verify},
                                                    {command::fn, fn},
                                                    {command::rules, rules_test},
                                                    {command::report, report},
                                                    {command::console, run_console},
                                                    {command::adopt, adopt},
                                                    {command::trust, trust_update},
                                                    {command::completion, completion}}};

// A read that hangs cannot be ended, and its thread may still use objects that `exit` destroys, so the process ends
// without destructors then.
int ended(int code) {
  // What was printed may still be in the buffer, and an empty answer must not pass for one.
  if (const auto ok = print_text({}); !ok) {
    say({}, ok.error().message);
    if (code == exit_good) code = exit_failed;
  }
  if (side_threads() == 0) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

int run(const std::vector<std::string>& words) {
  // A reader that closes the pipe early (`pinhook explain … | head`) must not end the process halfway through a drain.
  std::signal(SIGPIPE, SIG_IGN);
  const auto arguments = parse_arguments(words);
  if (!arguments) {
    say({}, arguments.error().message);
    return exit_code(arguments.error().code);
  }
  try {
    for (const auto& one : command_rows)
      if (one.command == arguments->command) return ended(one.run(*arguments));
  } catch (const std::exception& e) {
    // Construction at start-up throws when there is no thread, no descriptor or no output.
    say({}, e.what());
  }
  return exit_failed;
}

}  // namespace pinhook::cli
