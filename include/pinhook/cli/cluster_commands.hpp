// The options and words of each command for images in a cluster. Help shows them in the order of their declaration.
//
// Called while the command line is declared; one thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

namespace CLI {
class App;
}

namespace pinhook::cli {

void declare_serve(CLI::App& app, arguments& out);
void declare_report(CLI::App& app, arguments& out);
void declare_console(CLI::App& app, arguments& out);
void declare_adopt(CLI::App& app, arguments& out);
void declare_trust(CLI::App& app, arguments& out);
void declare_explain(CLI::App& app, arguments& out);
void declare_demo(CLI::App& app, arguments& out);

}  // namespace pinhook::cli
