#include <pinhook/cli/unknown_word.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/nearest_word.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::cli {
namespace {

// Limit in bytes of a word in a message.
constexpr std::size_t max_shown_word = 100;

std::string with_suggestion(std::string message, std::string_view near) {
  return near.empty() ? message : fmt::format("{}; did you mean {}?", message, near);
}

std::vector<std::string> flags_of(const described_command& c) {
  std::vector<std::string> out;
  for (const auto& o : c.options) {
    if (!o.long_name.empty()) out.push_back("--" + o.long_name);
    if (!o.short_name.empty()) out.push_back("-" + o.short_name);
  }
  return out;
}

std::string_view nearest_of(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto found = nearest_word(word, views);
  // Any two single letters are near each other.
  return word.size() <= 2 ? std::string_view() : found;
}

// The commands that have the flag: "check, lock, pin".
std::string commands_with(const std::vector<described_command>& commands, std::string_view flag) {
  std::string out;
  for (const auto& c : commands) {
    const auto flags = flags_of(c);
    if (!c.name.empty() && std::ranges::find(flags, flag) != flags.end()) out += (out.empty() ? "" : ", ") + c.name;
  }
  return out;
}

}  // namespace

std::string unknown_command(const std::vector<described_command>& commands, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& c : commands)
    if (!c.name.empty()) names.push_back(c.name);
  return with_suggestion(fmt::format("unknown command {}", quoted(name, max_shown_word)), nearest_of(name, names));
}

std::string unknown_value(std::string message) {
  constexpr std::string_view name_end = ": ";
  constexpr std::string_view list_begin = " not in {";
  const auto value = message.find(name_end);
  const auto list = message.rfind(list_begin);
  if (value == std::string::npos || list == std::string::npos || list < value + name_end.size() ||
      !message.ends_with('}'))
    return message;
  std::string_view rest = std::string_view(message).substr(list + list_begin.size());
  rest.remove_suffix(1);
  std::vector<std::string> known;
  for (std::size_t at = 0; at <= rest.size();) {
    const auto end = std::min(rest.find(',', at), rest.size());
    known.emplace_back(rest.substr(at, end - at));
    at = end + 1;
  }
  const auto begin = value + name_end.size();
  const std::string near(nearest_of(message.substr(begin, list - begin), known));
  return with_suggestion(std::move(message), near);
}

std::string unknown_word(const std::vector<described_command>& commands, std::string_view command,
                         std::string_view word) {
  const bool is_flag = word.size() > 1 && word.starts_with('-');
  if (!is_flag && command.empty()) return unknown_command(commands, word);
  if (!is_flag) return fmt::format("unexpected argument {}", quoted(word, max_shown_word));
  const auto flag = word.substr(0, word.find('='));
  const auto of = std::ranges::find(commands, command, &described_command::name);
  const auto message = fmt::format("unknown flag {}", quoted(flag, max_shown_word));
  const auto flags = of == commands.end() ? std::vector<std::string>() : flags_of(*of);
  if (std::ranges::find(flags, flag) != flags.end()) return message;
  if (const auto near = nearest_of(flag, flags); !near.empty()) return with_suggestion(message, near);
  const auto others = commands_with(commands, flag);
  if (others.empty()) return message;
  return command.empty() ? fmt::format("{}; write it after the command ({})", message, others)
                         : fmt::format("{}; it is a flag of {}", message, others);
}

}  // namespace pinhook::cli
