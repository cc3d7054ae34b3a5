#include <pinhook/cli/messages.hpp>

#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <cstdio>

namespace pinhook::cli {
namespace {

constexpr std::size_t max_message = 4'096;

}  // namespace

std::string message_line(std::string_view command, std::string_view text) {
  return fmt::format("pinhook{}{}: {}\n", command.empty() ? "" : " ", command, cut(printable(text), max_message));
}

void say(std::string_view command, std::string_view text) { std::fputs(message_line(command, text).c_str(), stderr); }

}  // namespace pinhook::cli
