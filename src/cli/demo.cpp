#include <pinhook/cli/commands.hpp>
namespace pinhook::cli { int demo(const arguments&) { return 1; } }
