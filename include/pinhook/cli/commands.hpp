// What each command does. `run` is the whole program behind main().
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <string>
#include <vector>

namespace pinhook::cli {

/// Runs the command line (without the program's name) to its end and gives the exit code.
[[nodiscard]] int run(const std::vector<std::string>& words);

/// Serves until SIGTERM or SIGINT; a second one ends the process at once.
[[nodiscard]] int serve(const arguments& said);

/// Explains a reference, and how it would be asked for; with --try it asks.
[[nodiscard]] int explain(const arguments& said);

/// Pins the images of files: to standard output, in place, or as a diff. 0; 2: a file or the usage is wrong; 3: a
/// look-up failed, and nothing was written unless --keep-going.
[[nodiscard]] int pin(const arguments& said);
/// Back to tags. 0, or 2.
[[nodiscard]] int unpin(const arguments& said);

/// Says what is wrong with the images of files. 0: nothing; 1: findings; 2: a file or the usage is wrong; 3: a look-up
/// failed.
[[nodiscard]] int check(const arguments& said);

/// Writes the lock file. Exit codes as `pin`.
[[nodiscard]] int lock(const arguments& said);

/// Prints digests. 3 when any could not be resolved.
[[nodiscard]] int resolve(const arguments& said);

/// A KRM function: ResourceList on standard input, ResourceList on standard output. Exit codes as `pin`; what failed
/// stands in `results`, too.
[[nodiscard]] int fn(const arguments& said);

/// Tries the rules of the configuration on a file of images with what is expected of each. 0: all as expected; 1: some
/// are not; 2: the file, the rules or the usage is wrong, or there are no rules.
[[nodiscard]] int rules_test(const arguments& said);

/// Prints a shell's completion script.
[[nodiscard]] int completion(const arguments& said);

/// The demo: see demo/story.hpp.
[[nodiscard]] int run_demo(const arguments& said);

}  // namespace pinhook::cli
