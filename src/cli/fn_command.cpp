#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pipeline/function_run.hpp>
#include <pinhook/pipeline/input_text.hpp>

namespace pinhook::cli {

int fn(const arguments& arguments) {
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run("fn", s.error());
  const auto text = pipeline::read_standard_input();
  if (!text) return refuse_run("fn", text.error());
  pipeline::function_run run(*text, {.format = s->pin.format, .orders = orders_of(arguments.files, *s)},
                             image_places_of(*s));
  return run_files({"fn", arguments.files.quiet}, run, [&] {
    auto choice = digest_choice_of("fn", arguments.files);
    choice.lock_file = run.config().lock_file;
    choice.offline = run.config().offline;
    return access::open_digests(choice, *s, variables);
  });
}

}  // namespace pinhook::cli
