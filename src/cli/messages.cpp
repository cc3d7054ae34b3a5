#include <pinhook/cli/messages.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/base/wrapped_text.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

namespace pinhook::cli {
namespace {

constexpr std::size_t max_message = 4'096;

}  // namespace

std::string message_line(std::string_view command, std::string_view text, std::size_t width) {
  const auto line =
      fmt::format("pinhook{}{}: {}\n", command.empty() ? "" : " ", command, cut(printable(text), max_message));
  return width == 0 ? line : wrapped(line, {.width = width, .hanging = 2});
}

void say(std::string_view command, std::string_view text) {
  const std::size_t width = is_terminal(STDERR_FILENO) ? text_columns(STDERR_FILENO) : 0;
  std::fputs(message_line(command, text, width).c_str(), stderr);
}

}  // namespace pinhook::cli
