#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/lock_run.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>
#include <optional>
#include <string>

namespace pinhook::cli {
namespace {

constexpr std::string_view lock_name = "lock";

result<std::optional<std::string>> read_existing(const std::string& path) {
  if (path == "-") return std::nullopt;
  auto text = read_file(path, files::max_lock_size);
  if (text) return text->reveal();
  if (text.error().code == error_code::not_found) return std::nullopt;
  return fail(std::move(text.error()));
}

std::optional<files::lock_format> chosen_lock_format(const file_arguments& arguments) {
  if (arguments.lock_format == "kbld") return files::lock_format::kbld;
  if (arguments.lock_format == "pinhook") return files::lock_format::pinhook;
  return std::nullopt;
}

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(machine_clock().wall())));
}

}  // namespace

int lock(const arguments& arguments) {
  const auto& options = arguments.files;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(lock_name, s.error());
  auto existing = read_existing(options.lock_file);
  if (!existing) return refuse_run(lock_name, existing.error());
  const auto places = image_places_of(*s);
  const auto inputs = pipeline::read_inputs(options.paths, places);
  if (!inputs) return refuse_run(lock_name, inputs.error());
  pipeline::lock_run run({.path = options.lock_file,
                          .existing = std::move(*existing),
                          .format = chosen_lock_format(options),
                          .updates = options.update,
                          .prunes = options.prune,
                          .orders = orders_of(options, *s),
                          .now = now_text()},
                         *inputs, places);
  return run_files({lock_name, options.quiet}, run, [&] {
    auto choice = digest_choice_of(lock_name, options);
    // The lock file is written, not read from.
    choice.lock_file.clear();
    return access::open_digests(choice, *s, variables);
  });
}

}  // namespace pinhook::cli
