#include <pinhook/cli/manual_page.hpp>

#include <pinhook/base/utf8.hpp>
#include <pinhook/cli/command_notes.hpp>
#include <pinhook/cli/help_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace pinhook::cli {
namespace {

// A line of text as roff reads it back. A '-' is a minus sign, which can be copied into a shell.
std::string roff(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  while (!text.empty()) {
    const auto [character, size] = first_character(text);
    if (character == '\\')
      out += "\\e";
    else if (character == '-')
      out += "\\-";
    else if (size > 1)
      fmt::format_to(std::back_inserter(out), "\\[u{:04X}]", static_cast<std::uint32_t>(character));
    else
      out += static_cast<char>(character);
    text.remove_prefix(size);
  }
  return out;
}

std::string roff_bold(std::string_view text) { return fmt::format("\\fB{}\\fR", roff(text)); }

std::string page_name(const described_command& c) { return c.name.empty() ? "pinhook" : "pinhook-" + c.name; }

// "Pin the images" as the part of a NAME line: "pin the images".
std::string as_phrase(std::string_view sentence) {
  std::string out(sentence);
  if (out.size() > 1 && out[0] >= 'A' && out[0] <= 'Z' && (out[1] < 'A' || out[1] > 'Z'))
    out[0] = static_cast<char>(out[0] - 'A' + 'a');
  while (out.ends_with('.')) out.pop_back();
  return out;
}

void append_roff_paragraph(std::string& out, std::string_view head, std::string_view text) {
  out += fmt::format(".TP\n{}\n{}\n", head, roff(text));
}

void append_manual_options(std::string& out, const described_command& c, bool are_words) {
  bool is_first = true;
  for (const auto& o : c.options) {
    if (o.is_word() != are_words) continue;
    if (std::exchange(is_first, false)) out += are_words ? ".SH ARGUMENTS\n" : ".SH OPTIONS\n";
    append_roff_paragraph(out, roff_bold(spelled(o)), explained(o));
  }
}

// The notes: sentences, examples below "Examples:", and the exit codes, which come last.
void append_manual_notes(std::string& out, std::string_view notes) {
  constexpr std::string_view examples = "Examples:", codes = "Exit codes: ";
  out += ".SH DESCRIPTION\n";
  bool is_filled = true;
  bool needs_break = false;
  const auto set_filled = [&](bool wanted) {
    if (is_filled != wanted) out += wanted ? ".fi\n" : ".PP\n.nf\n";
    is_filled = wanted;
    needs_break = false;
  };
  while (!notes.empty()) {
    const auto end = std::min(notes.find('\n'), notes.size());
    const auto line = notes.substr(0, end);
    notes.remove_prefix(std::min(end + 1, notes.size()));
    if (line.empty()) {
      needs_break = true;
    } else if (line.starts_with("  ")) {
      set_filled(false);
      out += roff(line.substr(2)) + "\n";
    } else {
      set_filled(true);
      if (line == examples)
        out += ".SH EXAMPLES\n";
      else if (line.starts_with(codes))
        out += fmt::format(".SH EXIT STATUS\n{}\n", roff(line.substr(codes.size())));
      else
        out += fmt::format("{}{}\n", std::exchange(needs_break, false) ? ".PP\n" : "", roff(line));
    }
  }
  set_filled(true);
}

std::string manual_text(const std::vector<described_command>& commands, const described_command& c) {
  const bool is_program = c.name.empty();
  const auto name = page_name(c);
  std::string title = name;
  std::ranges::transform(title, title.begin(),
                         [](char x) { return x >= 'a' && x <= 'z' ? static_cast<char>(x - 32) : x; });
  std::string out = fmt::format(".TH {} 1 \"\" \"pinhook {}\" \"pinhook\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}\n",
                                roff(title), roff(PINHOOK_VERSION), roff(name),
                                roff(is_program ? "pins image tags to digests" : as_phrase(c.help)), roff(usage_of(c)));
  append_manual_notes(out,
                      c.help + (is_program ? "\n\n" + program_notes() : ".\n\n" + notes_of(command_named(c.name))));
  if (is_program) {
    out += ".SH COMMANDS\n";
    for (const auto& one : commands)
      if (!one.name.empty()) append_roff_paragraph(out, roff_bold(one.name), one.help);
  }
  append_manual_options(out, c, true);
  append_manual_options(out, c, false);
  out += ".SH SEE ALSO\n";
  if (!is_program) return out + fmt::format("{}(1)\n", roff_bold("pinhook"));
  for (std::size_t i = 1; i < commands.size(); ++i)
    out += fmt::format("{}(1){}\n", roff_bold(page_name(commands[i])), i + 1 == commands.size() ? "" : ",");
  return out;
}

}  // namespace

std::vector<manual_page> manual_pages(const std::vector<described_command>& commands) {
  std::vector<manual_page> out;
  for (const auto& one : commands) out.push_back({page_name(one) + ".1", manual_text(commands, one)});
  return out;
}

}  // namespace pinhook::cli
