#include <pinhook/cli/commands.hpp>

int main(int argc, char** argv) { return pinhook::cli::run({argv + 1, argv + argc}); }
