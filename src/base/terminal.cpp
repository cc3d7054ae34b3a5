#include <pinhook/base/terminal.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace pinhook {

bool is_terminal(int descriptor) noexcept { return isatty(descriptor) == 1; }

std::optional<std::size_t> columns_of_terminal(int descriptor) noexcept {
  winsize size{};
  if (!is_terminal(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

std::size_t text_columns(std::string_view columns_variable, std::optional<std::size_t> of_terminal) {
  constexpr std::size_t usual = 80;
  std::size_t set = 0;
  const auto* const last = columns_variable.data() + columns_variable.size();
  const auto [end, bad] = std::from_chars(columns_variable.data(), last, set);
  const bool is_set = bad == std::errc() && end == last && set != 0;
  return std::clamp(is_set ? set : of_terminal.value_or(usual), least_columns, most_columns);
}

std::size_t text_columns(int descriptor) {
  const char* columns = std::getenv("COLUMNS");
  return text_columns(columns == nullptr ? std::string_view() : std::string_view(columns),
                      columns_of_terminal(descriptor));
}

}  // namespace pinhook
