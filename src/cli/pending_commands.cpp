// Commands that are being built; this file is gone when they are.
#include <pinhook/cli/commands.hpp>

namespace pinhook::cli {
int pin(const arguments&) { return 2; }
int unpin(const arguments&) { return 2; }
int lock(const arguments&) { return 2; }
int fn(const arguments&) { return 2; }
int completion(const arguments&) { return 2; }
}  // namespace pinhook::cli
