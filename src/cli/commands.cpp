#include <pinhook/cli/commands.hpp>

#include <pinhook/base/side_thread.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/parse_arguments.hpp>

#include <fmt/core.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace pinhook::cli {
namespace {

int print_help(const arguments& said) {
  fmt::print("{}", said.help);
  return exit_good;
}

int print_version(const arguments&) {
  fmt::print("pinhook {}\n", PINHOOK_VERSION);
  return exit_good;
}

struct row {
  cli::command command;
  int (*run)(const arguments&);
};

constexpr std::array<row, 13> rows{{{command::help, print_help},
                                    {command::version, print_version},
                                    {command::explain, explain},
                                    {command::serve, serve},
                                    {command::demo, run_demo},
                                    {command::pin, pin},
                                    {command::unpin, unpin},
                                    {command::check, check},
                                    {command::lock, lock},
                                    {command::resolve, resolve},
                                    {command::fn, fn},
                                    {command::rules, rules_test},
                                    {command::completion, completion}}};

// A read that hangs cannot be ended; what `exit` takes apart its thread may still use.
int ended(int code) {
  if (side_threads() == 0) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

int run(const std::vector<std::string>& words) {
  // A reader that goes away early (`pinhook explain … | head`) is no reason to die halfway through a drain.
  std::signal(SIGPIPE, SIG_IGN);
  const auto said = parse_arguments(words);
  if (!said) {
    say({}, said.error().message);
    return exit_code(said.error().code);
  }
  try {
    for (const auto& one : rows)
      if (one.command == said->command) return ended(one.run(*said));
  } catch (const std::exception& e) {
    // No thread, no descriptor, nowhere to print: what construction at start-up may run into.
    say({}, e.what());
  }
  return exit_failed;
}

}  // namespace pinhook::cli
