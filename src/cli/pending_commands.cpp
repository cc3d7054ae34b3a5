// Commands that are being built; this file is gone when they are.
#include <pinhook/cli/commands.hpp>

namespace pinhook::cli {
int completion(const arguments&) { return 2; }
}  // namespace pinhook::cli
