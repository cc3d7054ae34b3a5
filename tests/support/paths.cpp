#include "support/paths.hpp"

namespace pinhook::testing {

std::string source_dir() { return PINHOOK_SOURCE_DIR; }
std::string program_path() { return PINHOOK_PROGRAM; }
std::string calendar_library_path() { return PINHOOK_CALENDAR; }
std::string names_library_path() { return PINHOOK_NAMES; }

}  // namespace pinhook::testing
