#include <pinhook/admission/refusal_lines.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/resolve/help_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::admission {
namespace {

constexpr std::string_view bullet = "- ";
constexpr std::string_view indent = "  - ";

// Room for "- and 1000 more" and its line break.
constexpr std::size_t rest_size = 32;

constexpr std::size_t max_namespace_size = 63;

// In the order of pin::mode; an audit refuses nothing.
constexpr std::array<std::string_view, 3> meanings{
    "an image that cannot be pinned to its digest, or breaks a rule, is refused",
    "an image that breaks a rule is refused", "nothing is refused"};

}  // namespace

std::size_t size_of(const std::vector<std::string>& lines) {
  std::size_t out = 0;
  for (const std::string& line : lines) out += line.size() + 1;
  return out;
}

std::vector<std::string> finding_lines(std::string head, const std::vector<std::string>& findings, std::size_t count,
                                       std::size_t size) {
  if (count == 1 && findings.size() == 1) {
    head += ": ";
    const std::size_t room = size - std::min(size, head.size() + 1);
    return {head + cut_words(printable(findings.front()), room)};
  }
  std::vector<std::string> out{head + ":"};
  for (std::size_t i = 0; i < findings.size(); ++i) {
    std::string line = std::string(bullet) + printable(findings[i]);
    const std::size_t taken = size_of(out) + 1 + (i + 1 == count ? 0 : rest_size);
    const std::size_t room = size - std::min(size, taken);
    if (line.size() > room) {
      if (i != 0) break;
      line = cut_words(line, room);
    }
    out.push_back(std::move(line));
  }
  if (const std::size_t left = count - (out.size() - 1); left != 0) out.push_back(fmt::format("- and {} more", left));
  return out;
}

std::vector<std::string> detailed_finding_lines(std::string head, const std::vector<finding_text>& findings,
                                                std::size_t count, std::size_t size) {
  std::vector<std::string> texts;
  texts.reserve(findings.size());
  for (const finding_text& one : findings) texts.push_back(one.text);
  const std::vector<std::string> heads = finding_lines(std::move(head), texts, count, size);
  // The head of a single finding is its line, too.
  const std::size_t first = count == 1 && findings.size() == 1 ? 0 : 1;
  std::size_t room = size - std::min(size, size_of(heads));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    out.push_back(heads[i]);
    if (i < first || i - first >= findings.size()) continue;
    for (const std::string& detail : findings[i - first].lines) {
      std::string line = std::string(indent) + printable(detail);
      if (line.size() + 1 > room) break;
      room -= line.size() + 1;
      out.push_back(std::move(line));
    }
  }
  return out;
}

std::string mode_line(std::string_view ns, pin::mode m) {
  const std::string_view meaning = meanings.at(static_cast<std::size_t>(m));
  if (ns.empty()) return fmt::format("pinhook works in mode {}: {}", to_string(m), meaning);
  return fmt::format("Namespace {} is labelled pinhook.dev/pin={}: {}", cut_middle(printable(ns), max_namespace_size),
                     to_string(m), meaning);
}

std::string help_line(std::string_view help, std::string_view ns) {
  return help.empty() ? std::string()
                      : "Help: " + resolve::filled_help(help, cut_middle(printable(ns), max_namespace_size));
}

void add_help(std::vector<warning>& warnings, std::string_view help) {
  if (help.empty()) return;
  for (warning& w : warnings) {
    if (w.is_line || w.text.empty() || w.text.size() + 2 + help.size() > max_warning_size) continue;
    w.text += ". ";
    w.text += help;
  }
}

std::vector<std::string> last_lines(std::string_view ns, pin::mode m, std::string_view help) {
  std::vector<std::string> out{mode_line(ns, m)};
  if (std::string line = help_line(help, ns); !line.empty()) out.push_back(std::move(line));
  return out;
}

}  // namespace pinhook::admission
