// The command line as a value: which command, and its arguments.
//
// Plain values; any thread.
#pragma once

#include <pinhook/config/configuration_source.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

enum class command : std::uint8_t {
  help,
  version,
  serve,
  explain,
  demo,
  pin,
  unpin,
  check,
  lock,
  resolve,
  fn,
  rules,
  completion,
};

/// What pin, unpin, check, lock and resolve were told.
struct file_arguments {
  /// Files, directories, globs; "-" or none: standard input.
  std::vector<std::string> paths;
  /// pin, unpin: write the files themselves.
  bool in_place = false;
  /// pin, unpin: print what would change.
  bool diff = false;
  /// pin, unpin: do what can be done although something failed.
  bool keep_going = false;
  /// pin, lock: take what tags say now in place of what is pinned (locked) already.
  bool update = false;
  /// pin, check: "digest", "tag-and-digest"; empty: as configured.
  std::string format;
  /// pin, check: take digests from this lock file. lock: the file that is written.
  std::string lock_file;
  /// pin, check, lock: ask no registry.
  bool offline = false;
  /// check: compare pins with what their tags say.
  bool drift = false;
  /// check: "table", "json", "sarif", "junit", "github"; resolve: "text", "json".
  std::string output;
  /// pin, check, lock, fn: the namespace of objects that name none, for rules; empty: it is not known.
  std::string ns;
  /// lock: "pinhook", "kbld"; empty: as the file is, else pinhook.
  std::string lock_format;
  /// resolve: references.
  std::vector<std::string> references;
  /// resolve: "linux/arm64"; empty: the index.
  std::string platform;
};

struct arguments {
  cli::command command = cli::command::help;
  /// For help: the text, of the program or of one command.
  std::string help;
  /// serve: flags that set values.
  config::configuration_choice configuration;
  bool print_config = false;
  /// explain: the reference as typed.
  std::string reference;
  /// explain: whose credentials count.
  std::string ns;
  std::string service_account;
  std::vector<std::string> pull_secrets;
  /// explain: the kinds that are known, and no reference.
  bool lists_kinds = false;
  /// explain: ask, too.
  bool tries = false;
  /// explain: "text" or "json".
  std::string output = "text";
  /// demo: stay up.
  bool stays = false;
  file_arguments files;
  /// rules: "test", and the file of cases.
  std::string rules_action;
  std::string rules_file;
  /// completion: "bash", "zsh", "fish".
  std::string shell;
};

}  // namespace pinhook::cli
