#include <pinhook/cli/standard_output.hpp>

#include <pinhook/base/terminal.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pinhook::cli {

result<void> print_text(std::string_view text) {
  // The buffer is flushed first; the text is written past it, so that no write is left that could fail at exit.
  if (std::fflush(stdout) != 0 && errno != EPIPE)
    return fail(error_code::unavailable, fmt::format("standard output: {}", std::strerror(errno)));
  while (!text.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EPIPE) return {};
    if (put < 0) return fail(error_code::unavailable, fmt::format("standard output: {}", std::strerror(errno)));
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return is_terminal(STDOUT_FILENO) && (refused == nullptr || *refused == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace pinhook::cli
