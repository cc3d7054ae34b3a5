// The sources of a process's settings, held so that they can be read again: the configuration file, and the variables
// and flags that win over it.
//
//   auto from = open_configuration({.file = "/etc/pinhook/pinhook.yaml"}, environment());
//   auto found = from->settings(from->text);           // as at the start
//   auto again = from->settings(*read_configuration_file(from->file));
//
// Thread rule: one thread.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::config {

/// A flag of the command line that sets a value: ("--listen", "listen", "[::]:1").
struct setting_flag {
  /// As it was written, for messages.
  std::string_view name;
  /// Key of the setting table.
  std::string_view key;
  std::string text;
};

/// The settings on the command line, and the place of those of the Pod.
struct configuration_choice {
  /// Path of the configuration file. Empty: the one that PINHOOK_CONFIG names, if it does.
  std::string file;
  std::vector<setting_flag> flags;
  /// The file with the name of the Pod's namespace, which every Pod with a service account has. It is read once, when
  /// the configuration is opened, for where neither settings nor POD_NAMESPACE give the name. Empty: it is not read.
  std::string namespace_file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
};

struct effective_settings {
  settings values;
};

/// Bytes of a configuration file: a ConfigMap holds 1 MiB at most.
inline constexpr std::size_t max_configuration_size = std::size_t{1024} * 1024;

struct configuration_source {
  /// Path. Empty: there is no file.
  std::string file;
  /// Its content when this was opened.
  std::string text;
  /// All settings, when the file is valid. invalid_input: the fault and its place.
  std::function<result<effective_settings>(std::string_view text)> settings;
};

/// Reads the chosen file, without parsing it. Settings that are in neither file, variables nor flags are as in `start`.
/// Errors as read_configuration_file.
[[nodiscard]] result<configuration_source> open_configuration(const configuration_choice& choice,
                                                              const environment& all, settings start = {});

/// The settings of a process: the chosen file, then variables, then flags. Open ones come from the process's
/// surroundings: `namespace` from POD_NAMESPACE, else the service account. All others are as in `start`. Reads files.
/// invalid_input: the fault and its place.
[[nodiscard]] result<effective_settings> settings_for(const configuration_choice& choice, const environment& all,
                                                      settings start = {});

/// The whole file. invalid_input: it cannot be read (within base's read_limit), or has more than max_configuration_size
/// bytes.
[[nodiscard]] result<std::string> read_configuration_file(const std::string& file);

/// Checks the text of a file that was read, with the same errors.
[[nodiscard]] result<std::string> configuration_text(const file_contents& found);

}  // namespace pinhook::config
