#include <pinhook/cli/help_text.hpp>

#include <pinhook/base/wrapped_text.hpp>
#include <pinhook/cli/command_notes.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pinhook::cli {
namespace {

// The widest option that has its help beside it; that of a wider one is on the lines after it.
constexpr std::size_t widest_beside = 26;

struct help_line {
  std::string left;
  std::string right;
};

std::size_t help_column(const std::vector<help_line>& lines) {
  std::size_t out = 0;
  for (const auto& one : lines)
    if (const auto w = columns_of(one.left); w <= widest_beside) out = std::max(out, w);
  return out + 4;
}

void append_help_section(std::string& out, std::string_view title, const std::vector<help_line>& lines,
                         std::size_t column, std::size_t width) {
  if (lines.empty()) return;
  out += fmt::format("\n{}:\n", title);
  for (const auto& one : lines) {
    auto right = wrapped(one.right, {.width = width, .indent = column});
    if (const auto left = "  " + one.left; columns_of(left) + 2 <= column)
      right.replace(0, columns_of(left), left);
    else
      right.insert(0, left + "\n");
    out += right + "\n";
  }
}

std::vector<help_line> help_lines(const described_command& c, bool are_words) {
  std::vector<help_line> out;
  for (const auto& o : c.options)
    if (o.is_word() == are_words) out.push_back({spelled(o), explained(o)});
  return out;
}

std::string notes_text(std::string_view notes, std::size_t width) {
  std::string out;
  while (!notes.empty()) {
    const auto end = std::min(notes.find('\n'), notes.size());
    const auto text = notes.substr(0, end);
    notes.remove_prefix(std::min(end + 1, notes.size()));
    const auto shown = example_of(text);
    if (!shown)
      out += wrapped(text, {.width = width});
    else if (columns_of(text) <= width || shown->description.empty())
      out += text;
    else
      out += fmt::format("  {}\n{}", shown->command, wrapped(shown->description, {.width = width, .indent = 6}));
    out += '\n';
  }
  return out;
}

std::string program_help(const std::vector<described_command>& commands, std::size_t width) {
  const auto& program = commands.front();
  std::string out = wrapped(program.help, {.width = width}) + "\n\nUsage: " + usage_of(program) + "\n";
  std::vector<help_line> all;
  for (const auto& c : commands) all.push_back({c.name, c.help});
  const auto column = std::max(help_column(all), help_column(help_lines(program, false)));
  append_help_section(out, "Options", help_lines(program, false), column, width);
  std::vector<std::string_view> groups;
  for (const auto& c : commands)
    if (!c.group.empty() && std::ranges::find(groups, c.group) == groups.end()) groups.push_back(c.group);
  for (const auto group : groups) {
    std::vector<help_line> of_group;
    for (const auto& c : commands)
      if (c.group == group) of_group.push_back({c.name, c.help});
    append_help_section(out, group, of_group, column, width);
  }
  return out + "\n" + notes_text(program_notes(), width);
}

std::string command_help(const described_command& c, std::size_t width) {
  std::string out = wrapped(c.help, {.width = width}) + "\n\n" +
                    wrapped("Usage: " + usage_of(c), {.width = width, .hanging = 7}) + "\n";
  const auto words = help_lines(c, true);
  const auto options = help_lines(c, false);
  const auto column = std::max(help_column(words), help_column(options));
  append_help_section(out, "Arguments", words, column, width);
  append_help_section(out, "Options", options, column, width);
  return out + "\n" + notes_text(notes_of(command_named(c.name)), width);
}

}  // namespace

std::string spelled(const described_option& o) {
  if (o.is_word()) return o.value_name + (o.repeats ? "..." : "");
  std::string out = o.short_name.empty() ? "" : "-" + o.short_name;
  if (!o.long_name.empty()) out += (out.empty() ? "--" : ", --") + o.long_name;
  if (o.kind == value_kind::none) return out;
  return out + " " + (o.values.empty() ? o.value_name : fmt::format("{}", fmt::join(o.values, "|")));
}

std::string explained(const described_option& o) {
  if (!o.is_word() || o.values.empty()) return o.help;
  return fmt::format("{} ({})", o.help, fmt::join(o.values, ", "));
}

std::string usage_of(const described_command& c) {
  if (c.name.empty()) return "pinhook [OPTIONS] COMMAND";
  std::string out = fmt::format("pinhook {} [OPTIONS]", c.name);
  for (const auto& o : c.options)
    if (o.is_word()) out += o.is_required ? " " + spelled(o) : fmt::format(" [{}]", spelled(o));
  return out;
}

std::optional<example> example_of(std::string_view line) {
  if (!line.starts_with("  ")) return std::nullopt;
  line.remove_prefix(2);
  const auto gap = line.find("  ", std::min(line.find_first_not_of(' '), line.size()));
  if (gap == std::string_view::npos) return example{line, {}};
  return example{line.substr(0, gap), line.substr(std::min(line.find_first_not_of(' ', gap), line.size()))};
}

std::string help_text(const std::vector<described_command>& commands, std::string_view name, std::size_t width) {
  for (const auto& c : commands)
    if (!name.empty() && c.name == name) return command_help(c, width);
  return program_help(commands, width);
}

}  // namespace pinhook::cli
