#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/krm_function.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/inputs.hpp>

#include <fmt/core.h>

#include <cstdio>

namespace pinhook::cli {

int fn(const arguments& arguments) {
  const auto s = config::settings_for_files(arguments.configuration.file, process_environment());
  if (!s) return refuse_run("fn", s.error());
  const auto text = pipeline::read_standard_input();
  if (!text) return refuse_run("fn", text.error());
  const auto rules = file_rules_of(*s);
  const auto done = run_function(*text, {.rules = rules,
                                         .format = s->pin.format,
                                         .orders = orders_of(arguments.files, *s),
                                         .open = [&](const access::digest_choice& choice) {
                                           return access::open_digests(choice, *s, process_environment());
                                         }});
  fmt::print(stderr, "{}", done.messages);
  if (auto ok = print_text(done.out); !ok) {
    say("fn", ok.error().message);
    return exit_failed;
  }
  return done.exit_code;
}

}  // namespace pinhook::cli
