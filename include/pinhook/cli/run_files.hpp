// The driver of the commands over files: looks up the references that a run needs, then writes and prints its results.
//
// Blocks until it is done; one thread.
#pragma once

#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/cooldown.hpp>
#include <pinhook/pipeline/digest_map.hpp>
#include <pinhook/pipeline/run.hpp>
#include <pinhook/pipeline/slot_rules.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// Opens the source of digests; called when references have to be looked up.
using digest_opener = std::function<result<std::unique_ptr<access::digest_source>>()>;

struct run_options {
  std::string_view command;
  /// Errors alone on standard error.
  bool is_quiet = false;
  /// The exit code when a file or standard output cannot be written.
  int cannot_write = exit_failed;
  /// Write the other files when one cannot be written.
  bool keeps_going = false;
};

/// Returns the exit code. Files are written after everything else has succeeded, all or none, and only where they are
/// still as they were read.
[[nodiscard]] int run_files(const run_options& options, pipeline::run& run, const digest_opener& open);

/// The results of a source for references, by their canonical form.
[[nodiscard]] pipeline::digest_map look_up(access::digest_source& source, const std::vector<registry::reference>& refs);

/// --lock, --offline and --quiet.
[[nodiscard]] access::digest_choice digest_choice_of(std::string_view command, const file_arguments& arguments);
/// --cooldown, by the machine's clock, and what --store has seen. invalid_input: there is no such store; errors of it.
[[nodiscard]] result<pipeline::cooldown> cooldown_of(const file_arguments& arguments);
/// The text of a lock file that is to be written; none when there is no such file yet, or for "-", standard output.
[[nodiscard]] result<std::optional<std::string>> read_existing_lock(const std::string& path);
/// --format, else pin.format.
[[nodiscard]] pin::pin_format format_of(const file_arguments& arguments, const config::settings& s);
/// The places of images from the settings: pin.kinds, files.paths.
[[nodiscard]] files::image_places image_places_of(const config::settings& s);
/// The settings' rules for images in files, with --namespace and --format.
[[nodiscard]] pipeline::slot_rules orders_of(const file_arguments& arguments, const config::settings& s);

/// Prints "pinhook pin: …" on standard error and returns the exit code for wrong usage, configuration or input.
int refuse_run(std::string_view command, const error& e);

}  // namespace pinhook::cli
