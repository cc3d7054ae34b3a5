#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/short_run.hpp>
#include <pinhook/base/start_pages.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pipeline/check_run.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace pinhook::cli {
namespace {

constexpr std::string_view check_name = "check";

// A hook gives so many names where it gives no directory. After so many files, what only the listing and the first of
// them needed is not needed again.
constexpr std::size_t many_files = 256;

std::string here() {
  std::error_code ignored;
  const auto path = std::filesystem::current_path(ignored);
  return path.empty() ? "/" : path.string();
}

pipeline::check_run_options check_options(const file_arguments& arguments, const config::settings& s) {
  pipeline::check_run_options out;
  out.output = pipeline::parse_report_format(arguments.output).value_or(pipeline::report_format::table);
  out.report.has_colour = out.output == pipeline::report_format::table && wants_colour();
  out.report.is_verbose = arguments.verbose;
  out.report.directory = here();
  out.ns = arguments.ns;
  out.has_drift = arguments.drift;
  out.arguments = arguments.paths;
  out.is_strict = arguments.strict;
  out.lock_file = arguments.lock_file;
  out.format = format_of(arguments, s);
  out.orders = orders_of(arguments, s);
  return out;
}

bool has_directory(const file_arguments& arguments) {
  return std::ranges::any_of(arguments.paths, [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
  });
}

// The kustomizations around directories are searched for while their files are listed.
std::future<pipeline::renames_by_file> renames_of(const file_arguments& arguments, const files::image_places& places,
                                                  bool has_directory) {
  return std::async(has_directory ? std::launch::async : std::launch::deferred,
                    [&] { return pipeline::renames_around(arguments.paths, places); });
}

}  // namespace

int check(const arguments& arguments) {
  const auto& options = arguments.files;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(check_name, s.error());
  const auto places = image_places_of(*s);
  prepare_file_run();
  const std::string flag = arguments.configuration.file;
  const bool is_of_directory = has_directory(options);
  // Of the pages of the start few are read again; where there is little to check, that would cost more than it.
  if (is_of_directory || options.paths.size() >= many_files) release_start_pages();
  auto renames = renames_of(options, places, is_of_directory);
  std::optional<pipeline::check_run> begun;
  std::once_flag is_begun;
  const auto run = [&]() -> pipeline::check_run& {
    std::call_once(is_begun, [&] {
      auto chosen = check_options(options, *s);
      chosen.renames = renames.get();
      begun.emplace(std::move(chosen), s->rules, flag.empty() ? variable(variables, "PINHOOK_CONFIG") : flag);
    });
    return *begun;
  };
  std::atomic<std::size_t> files = 0;
  const auto begin_one = [&](pipeline::input one) {
    if (++files == many_files) release_start_pages();
    return pipeline::input_turn(
        [&run, held = run().begin(std::move(one))]() mutable { run().take_begun(std::move(held)); });
  };
  // The thread that searched for kustomizations ends before others read files: the first of these takes over its heap.
  const auto read = pipeline::each_input(options.paths, places, begin_one, [&run] { run(); });
  if (!read) return refuse_run(check_name, read.error());
  // 1 means findings.
  return run_files({check_name, options.quiet, exit_usage}, run(),
                   [&] { return access::open_digests(digest_choice_of(check_name, options), *s, variables); });
}

}  // namespace pinhook::cli
