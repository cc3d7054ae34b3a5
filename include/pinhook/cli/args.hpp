// The command line as a value: which command, and what was said to it.
//
//   auto said = parse_arguments({"serve", "--threads", "2"});
//
// Pure: prints nothing, exits nowhere.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {

enum class command : std::uint8_t { help, version, serve, explain, demo };

struct arguments {
  cli::command command = cli::command::help;
  /// For help: the text, of the program or of one command.
  std::string help;
  /// serve, explain: path of the configuration; empty when none was said.
  std::string config_file;
  /// serve: flags that were given, as (flag, key of the setting table, text): ("--listen", "listen", "[::]:1").
  struct flag {
    std::string_view name;
    std::string_view key;
    std::string text;
  };
  std::vector<flag> flags;
  bool print_config = false;
  /// explain: the reference as typed.
  std::string reference;
  /// explain: whose credentials count.
  std::string ns;
  std::string service_account;
  std::vector<std::string> pull_secrets;
  /// explain: ask, too.
  bool tries = false;
  /// explain: "text" or "json".
  std::string output = "text";
  /// demo: stay up.
  bool stays = false;
};

/// `words` is the command line without the program's name. invalid_input: one line that says what is wrong and where
/// help is.
[[nodiscard]] result<arguments> parse_arguments(const std::vector<std::string>& words);

}  // namespace pinhook::cli
