// Options that several commands have, or that are of one kind, for the declaration of the command line.
//
// Called while the command line is declared; one thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pinhook::cli {

/// Help and completion show the values of a fixed set as "text|json".
inline constexpr char between_values = '|';

/// The option takes one of these values.
CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values);

/// The option takes the name of a namespace.
CLI::Option* one_namespace(CLI::Option* option);

void add_config(CLI::App& app, arguments& out);

/// A duration: "90d", or in Go's form, "36h".
void add_duration(CLI::App& app, const char* name, std::optional<std::chrono::nanoseconds>& to, const char* help);

/// --cooldown, which has a longest length.
void add_cooldown(CLI::App& app, std::optional<std::chrono::nanoseconds>& into, const char* help);

/// --kubeconfig and --context.
void add_kubeconfig(CLI::App& app, arguments& out);
/// --namespace and --selector.
void add_scope(CLI::App& app, arguments& out, const char* namespace_help);
void add_pull_secrets(CLI::App& app, arguments& out);
/// The part of a cluster that is read, and how.
void add_cluster(CLI::App& app, arguments& out);

}  // namespace pinhook::cli
