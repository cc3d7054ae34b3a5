// Where the settings of a process come from, held so that they can be read again: the configuration file, and behind it
// the variables and flags that win over it.
//
//   auto from = open_configuration(said, environment());
//   auto found = from->settings(from->text);           // as at the start
//   auto again = from->settings(*read_configuration_file(from->file));
//
// Thread rule: one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace pinhook::cli {

struct configuration_source {
  /// Path. Empty: there is no file.
  std::string file;
  /// What it held when this was opened.
  std::string text;
  /// All settings, if that is what the file holds. invalid_input: what is wrong, and where.
  std::function<result<effective_settings>(std::string_view text)> settings;
};

/// The file that the command line names (--config, else PINHOOK_CONFIG), read; nothing of it is looked at yet. What
/// neither file, variables nor flags say is as in `start`. Errors as read_configuration_file.
[[nodiscard]] result<configuration_source> open_configuration(const arguments& said, const config::variables& all,
                                                              config::settings start = {});

/// The whole file. invalid_input: it cannot be read (within base's read_limit), or has more than max_configuration_size
/// bytes.
[[nodiscard]] result<std::string> read_configuration_file(const std::string& file);

/// What was read of one, with the same errors.
[[nodiscard]] result<std::string> configuration_text(const file_contents& found);

}  // namespace pinhook::cli
