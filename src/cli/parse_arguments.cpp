#include <pinhook/cli/parse_arguments.hpp>

#include <pinhook/cli/command_line.hpp>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::cli {
namespace {

// CLI11 throws for help as for errors. Its messages end in line breaks and full stops, which a one-line message drops.
std::string reason_of(const CLI::ParseError& e) {
  std::string text = e.what();
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

std::unexpected<error> refuse_arguments(std::string_view message, const CLI::App* sub) {
  return fail(error_code::invalid_input, fmt::format("{}; `pinhook{}{} --help` shows the usage", message,
                                                     sub == nullptr ? "" : " ", sub == nullptr ? "" : sub->get_name()));
}

// True when a positional word of the command can be repeated.
bool takes_many_words(const CLI::App& app, const std::vector<std::string>& words) {
  const auto name = std::ranges::find_if(words, [](const auto& word) { return !word.starts_with('-'); });
  if (name == words.end()) return false;
  const auto repeats = [](const CLI::Option* o) { return o->get_positional() && o->get_expected_max() > 1; };
  const auto named = [&](const CLI::App* sub) {
    return sub->get_name() == *name && !sub->get_options(repeats).empty();
  };
  return !app.get_subcommands(named).empty();
}

// CLI11 takes words from the back, and reads "[ab]" as a list where a word can be repeated. "./[ab]" is the same path
// and is read as it is.
std::vector<std::string> as_parsed(const CLI::App& app, const std::vector<std::string>& words) {
  std::vector<std::string> out(words.rbegin(), words.rend());
  if (!takes_many_words(app, words)) return out;
  for (auto& word : out)
    if (word.starts_with('[') && word.ends_with(']')) word.insert(0, "./");
  return out;
}

struct contradiction {
  bool (*holds)(const arguments&);
  const char* message;
};

bool rewrites(const arguments& a) { return a.command == command::pin || a.command == command::unpin; }

bool reads_standard_input(const arguments& a) {
  return a.files.paths.empty() || std::ranges::find(a.files.paths, "-") != a.files.paths.end();
}

// Options that are valid by themselves and not together.
constexpr std::array<contradiction, 4> contradictions{{
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && a.files.diff; },
     "--in-place writes and --diff only shows: use one of them"},
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && a.files.paths.empty(); },
     "--in-place needs a PATH: standard input is written to standard output"},
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && reads_standard_input(a); },
     "--in-place cannot write standard input (-): give the PATHs alone"},
    {[](const arguments& a) { return a.command == command::lock && a.files.update && a.files.offline; },
     "--update asks registries and --offline forbids it: use one of them"},
}};

// Defaults are filled in here and not in the declarations: all commands are declared, and they share members.
void fill_defaults(arguments& a) {
  if (a.command == command::lock && a.files.lock_file.empty()) a.files.lock_file = "pinhook.lock";
  if (!a.files.output.empty()) return;
  if (a.command == command::check) a.files.output = "table";
  if (a.command == command::resolve) a.files.output = "text";
}

}  // namespace

result<arguments> parse_arguments(const std::vector<std::string>& words) {
  arguments out;
  const auto app = declare_command_line(out);
  const auto chosen = [&]() -> const CLI::App* {
    const auto parsed = app->get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  };
  try {
    app->parse(as_parsed(*app, words));
  } catch (const CLI::CallForHelp&) {
    const auto* sub = chosen();
    out.command = command::help;
    out.help = sub == nullptr ? app->help() : sub->help("pinhook");
    return out;
  } catch (const CLI::CallForVersion&) {
    out.command = command::version;
    return out;
  } catch (const CLI::ParseError& e) {
    return refuse_arguments(reason_of(e), chosen());
  }
  const auto* sub = chosen();
  if (sub == nullptr) {
    if (words.empty())
      return fail(error_code::invalid_input,
                  "a command is required, for example serve, pin or check; `pinhook --help` shows more");
    out.help = app->help();
    return out;
  }
  out.command = command_named(sub->get_name());
  for (const auto& one : contradictions)
    if (one.holds(out)) return refuse_arguments(one.message, sub);
  fill_defaults(out);
  return out;
}

}  // namespace pinhook::cli
