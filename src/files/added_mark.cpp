#include <pinhook/files/added_mark.hpp>

#include <fmt/core.h>

namespace pinhook::files {

std::string added_mark(added_part part, std::string_view tag) {
  return fmt::format(" # {}{} {}", part == added_part::entry ? "entry " : "", added_words, tag);
}

}  // namespace pinhook::files
