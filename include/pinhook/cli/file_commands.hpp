// The options and words of each command for images in files. Help shows them in the order of their declaration.
//
// Called while the command line is declared; one thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

namespace CLI {
class App;
}

namespace pinhook::cli {

void declare_pin(CLI::App& app, arguments& out);
void declare_unpin(CLI::App& app, arguments& out);
void declare_check(CLI::App& app, arguments& out);
void declare_lock(CLI::App& app, arguments& out);
void declare_resolve(CLI::App& app, arguments& out);
void declare_verify(CLI::App& app, arguments& out);
void declare_fn(CLI::App& app, arguments& out);
void declare_rules(CLI::App& app, arguments& out);

}  // namespace pinhook::cli
