#include <pinhook/cli/completion.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

namespace pinhook::cli {
namespace {

using commands_span = std::span<const described_command>;

// "-o", "--output", as they are typed.
std::vector<std::string> spellings(const described_option& o) {
  std::vector<std::string> out;
  if (!o.short_name.empty()) out.push_back("-" + o.short_name);
  if (!o.long_name.empty()) out.push_back("--" + o.long_name);
  return out;
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) {
    if (c == from)
      out += to;
    else
      out += c;
  }
  return out;
}

std::string names_of(commands_span commands, std::string_view between) {
  std::vector<std::string_view> out;
  for (const auto& one : commands) out.emplace_back(one.name);
  return fmt::format("{}", fmt::join(out, between));
}

std::string options_of(const described_command& c) {
  std::vector<std::string> out;
  for (const auto& o : c.options)
    for (auto& spelling : spellings(o)) out.push_back(std::move(spelling));
  return fmt::format("{}", fmt::join(out, " "));
}

// bash ends a word at `=`: "--format=dig" arrives as three words.
constexpr std::string_view bash_start = R"(# bash completion of pinhook; made by `pinhook completion bash`.
_pinhook_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}

_pinhook() {
  local current="${COMP_WORDS[COMP_CWORD]}" option="" command="" ended="" i
  COMPREPLY=()
  if ((COMP_CWORD > 1)); then option="${COMP_WORDS[COMP_CWORD - 1]}"; fi
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $option == "=" ]]; then
    option="${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == "--" ]]; then ended=1; fi
    if [[ -z $command && ${COMP_WORDS[i]} != -* ]]; then command="${COMP_WORDS[i]}"; fi
  done
)";

void put_bash_reply(std::string& out, std::string_view indent, const described_option& o) {
  if (o.kind == value_kind::file) out += fmt::format("{}_pinhook_files \"$current\"\n", indent);
  if (o.kind == value_kind::listed)
    out += fmt::format("{}COMPREPLY=($(compgen -W \"{}\" -- \"$current\"))\n", indent, fmt::join(o.values, " "));
}

// The words of a command: the first follows its name directly, the others come anywhere later.
void put_bash_words(std::string& out, const described_command& c) {
  std::vector<const described_option*> words;
  for (const auto& o : c.options)
    if (o.is_word() && o.kind != value_kind::free) words.push_back(&o);
  if (words.empty()) return;
  out += fmt::format("    {})\n", c.name);
  if (words.size() == 1) {
    put_bash_reply(out, "      ", *words[0]);
  } else {
    out += fmt::format("      if [[ $option == \"{}\" ]]; then\n", c.name);
    put_bash_reply(out, "        ", *words[0]);
    out += "      else\n";
    put_bash_reply(out, "        ", *words[1]);
    out += "      fi\n";
  }
  out += "      ;;\n";
}

std::string bash_script(const described_command& program, commands_span commands) {
  std::string out(bash_start);
  out += "  if [[ -z $ended ]]; then\n    case \"$command $option\" in\n";
  for (const auto& c : commands) {
    for (const auto& o : c.options) {
      if (o.is_word() || o.kind == value_kind::none) continue;
      std::vector<std::string> patterns;
      for (const auto& spelling : spellings(o)) patterns.push_back(fmt::format("\"{} {}\"", c.name, spelling));
      out += fmt::format("      {})\n", fmt::join(patterns, " | "));
      put_bash_reply(out, "        ", o);
      out += "        return\n        ;;\n";
    }
  }
  out += "    esac\n    if [[ $current == -* ]]; then\n      case \"$command\" in\n";
  out += fmt::format("        \"\") COMPREPLY=($(compgen -W \"{}\" -- \"$current\")) ;;\n", options_of(program));
  for (const auto& c : commands)
    out += fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$current\")) ;;\n", c.name, options_of(c));
  out += "      esac\n      return\n    fi\n  fi\n  case \"$command\" in\n";
  out += fmt::format("    \"\") COMPREPLY=($(compgen -W \"{}\" -- \"$current\")) ;;\n", names_of(commands, " "));
  for (const auto& c : commands) put_bash_words(out, c);
  return out + "  esac\n}\n\ncomplete -F _pinhook pinhook\n";
}

std::string zsh_quoted(std::string_view text) { return fmt::format("'{}'", replaced(text, '\'', "'\\''")); }

// The text in the brackets of a specification of _arguments.
std::string zsh_help(std::string_view text) {
  return replaced(replaced(replaced(text, '\\', "\\\\"), '[', "\\["), ']', "\\]");
}

std::string zsh_action(const described_option& o) {
  const std::string name = replaced(o.value_name, ':', "\\:");
  if (o.kind == value_kind::file) return fmt::format(":{}:_files", name);
  if (o.kind == value_kind::listed) return fmt::format(":{}:({})", name, fmt::join(o.values, " "));
  return o.kind == value_kind::free ? fmt::format(":{}: ", name) : std::string();
}

// One word of an _arguments line: '(-o --output)'{-o+,--output=}'[How to print it]:FORMAT:(text json)'
std::string zsh_specification(const described_option& o) {
  if (o.is_word()) return zsh_quoted(fmt::format("{}{}", o.repeats ? "*" : "", zsh_action(o)));
  const bool has_value = o.kind != value_kind::none;
  const auto all = spellings(o);
  const std::string help = fmt::format("[{}]{}", zsh_help(o.help), zsh_action(o));
  const std::string group =
      o.repeats ? "*" : (all.size() > 1 ? fmt::format("({})", fmt::join(all, " ")) : std::string());
  const std::string long_form = fmt::format("--{}{}", o.long_name, has_value ? "=" : "");
  if (o.short_name.empty()) return zsh_quoted(group + long_form + help);
  return fmt::format("{}{{-{}{},{}}}{}", zsh_quoted(group), o.short_name, has_value ? "+" : "", long_form,
                     zsh_quoted(help));
}

constexpr std::string_view zsh_start = R"(#compdef pinhook
# zsh completion of pinhook; made by `pinhook completion zsh`.
_pinhook() {
  local curcontext="$curcontext" state line
  local -a commands
)";

std::string zsh_script(const described_command& program, commands_span commands) {
  std::string out(zsh_start);
  out += "  commands=(\n";
  for (const auto& c : commands) out += fmt::format("    {}\n", zsh_quoted(c.name + ":" + c.help));
  out += "  )\n  _arguments -C";
  for (const auto& o : program.options) out += " \\\n    " + zsh_specification(o);
  out +=
      " \\\n    '1: :->command' '*:: :->words'\n"
      "  case $state in\n"
      "    command) _describe -t commands 'command' commands ;;\n"
      "    words)\n"
      "      case $line[1] in\n";
  for (const auto& c : commands) {
    out += fmt::format("        {})\n          _arguments", c.name);
    for (const auto& o : c.options) out += " \\\n            " + zsh_specification(o);
    out += "\n          ;;\n";
  }
  // zsh calls the function when it finds the file in fpath; a file that is read by `source` registers it.
  return out +
         "      esac\n      ;;\n  esac\n}\n\n"
         "if [[ $funcstack[1] == _pinhook ]]; then\n  _pinhook \"$@\"\nelse\n  compdef _pinhook pinhook\nfi\n";
}

std::string fish_quoted(std::string_view text) {
  return fmt::format("'{}'", replaced(replaced(text, '\\', "\\\\"), '\'', "\\'"));
}

constexpr std::string_view fish_start = R"(# fish completion of pinhook; made by `pinhook completion fish`.
function __pinhook_says --description 'Whether the command of this line is the one named; none: there is none yet'
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    if not string match -q -- '-*' $word
      test (count $argv) -eq 1; and test $word = $argv[1]
      return
    end
  end
  test (count $argv) -eq 0
end

complete -c pinhook -f
)";

std::string fish_line(std::string_view condition, const described_option& o) {
  std::string out = fmt::format("complete -c pinhook -n '{}'", condition);
  if (!o.short_name.empty()) out += " -s " + o.short_name;
  if (!o.long_name.empty()) out += " -l " + o.long_name;
  if (o.kind == value_kind::file) out += o.is_word() ? " -F" : " -r -F";
  if (o.kind == value_kind::free) out += " -x";
  if (o.kind == value_kind::listed) {
    if (!o.is_word()) out += " -x";
    out += fmt::format(" -a {}", fish_quoted(fmt::format("{}", fmt::join(o.values, " "))));
  }
  return out + fmt::format(" -d {}\n", fish_quoted(o.help));
}

std::string fish_script(const described_command& program, commands_span commands) {
  std::string out(fish_start);
  for (const auto& o : program.options) out += fish_line("__pinhook_says", o);
  for (const auto& c : commands)
    out += fmt::format("complete -c pinhook -n __pinhook_says -a {} -d {}\n", c.name, fish_quoted(c.help));
  for (const auto& c : commands)
    for (const auto& o : c.options)
      if (!o.is_word() || o.kind != value_kind::free) out += fish_line("__pinhook_says " + c.name, o);
  return out;
}

struct shell_row {
  completion_shell shell;
  std::string_view name;
  std::string (*script)(const described_command&, commands_span);
};

constexpr std::array<shell_row, 3> shell_rows{{{completion_shell::bash, "bash", bash_script},
                                               {completion_shell::zsh, "zsh", zsh_script},
                                               {completion_shell::fish, "fish", fish_script}}};

}  // namespace

std::optional<completion_shell> parse_shell(std::string_view name) {
  const auto* const found = std::ranges::find(shell_rows, name, &shell_row::name);
  if (found == shell_rows.end()) return std::nullopt;
  return found->shell;
}

std::string completion_script(completion_shell shell, const std::vector<described_command>& commands) {
  if (commands.empty()) return {};
  const auto* const found = std::ranges::find(shell_rows, shell, &shell_row::shell);
  return found->script(commands.front(), commands_span(commands).subspan(1));
}

}  // namespace pinhook::cli
