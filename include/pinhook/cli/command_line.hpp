// The declaration of the command line: commands, their options, positional words and help. parse_arguments reads with
// it, and completion scripts and help are made from it.
//
//   arguments parsed;
//   const auto app = declare_command_line(parsed);
//   app->parse(…);                         // fills `parsed`
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace pinhook::cli {

/// Parsing writes its results to `into`, which outlives the app. `words`, when there are any: commands that are not
/// among them have no options, which are most of the work.
[[nodiscard]] std::unique_ptr<CLI::App> declare_command_line(arguments& into, std::span<const std::string> words = {});

/// The command of a declared name; `help` for any other.
[[nodiscard]] command command_named(std::string_view name);

/// The kind of value that follows an option, or of a positional word.
enum class value_kind : std::uint8_t {
  none,    // a flag
  free,    // anything
  file,    // a path
  listed,  // one of `values`
};

struct described_option {
  /// "o"; empty when there is none.
  std::string short_name;
  /// "output"; empty for a word without a dash (PATH).
  std::string long_name;
  /// The placeholder of the value in help: "FILE", "PATH".
  std::string value_name;
  std::string help;
  value_kind kind = value_kind::none;
  std::vector<std::string> values;
  /// Can be given more than once.
  bool repeats = false;
  /// A word that must be given.
  bool is_required = false;

  [[nodiscard]] bool is_word() const { return long_name.empty() && short_name.empty(); }
};

struct described_command {
  /// Empty: the program itself.
  std::string name;
  std::string help;
  /// The title of the commands among which help lists it; empty for the program.
  std::string group;
  /// Without those that help does not show. Options first, then words.
  std::vector<described_option> options;
};

/// The program itself, then every command in the order of its help; read off the declarations.
[[nodiscard]] std::vector<described_command> describe_command_line();

}  // namespace pinhook::cli
