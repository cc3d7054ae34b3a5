// One function a command. `run` is the whole program behind main().
//
// Each returns the exit code of the process (exit_code.hpp) and blocks until the command is done.
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <string>
#include <vector>

namespace pinhook::cli {

/// Runs the command line (without the program's name) to its end and gives the exit code.
[[nodiscard]] int run(const std::vector<std::string>& words);

/// Serves until SIGTERM or SIGINT; a second one ends the process at once.
[[nodiscard]] int serve(const arguments& arguments);

/// Explains a reference and how it would be looked up; with --try it is looked up.
[[nodiscard]] int explain(const arguments& arguments);

/// Pins the images of files: to standard output, in place, or as a diff. 0; 2: a file or the usage is wrong; 3: a
/// look-up failed, and nothing was written unless --keep-going.
[[nodiscard]] int pin(const arguments& arguments);
/// Turns pins back into tags. 0, or 2.
[[nodiscard]] int unpin(const arguments& arguments);

/// Reports problems of the images in files. 0: nothing found; 1: findings; 2: a file or the usage is wrong; 3: a
/// look-up failed.
[[nodiscard]] int check(const arguments& arguments);

/// Writes the lock file. Exit codes as `pin`.
[[nodiscard]] int lock(const arguments& arguments);

/// Prints digests. 3 when any could not be resolved.
[[nodiscard]] int resolve(const arguments& arguments);

/// Verifies who signed images. 0: all are verified; 1: some are not; 2: a verifier or the usage is wrong; 3: of some it
/// could not be looked up.
[[nodiscard]] int verify(const arguments& arguments);

/// A KRM function: ResourceList on standard input, ResourceList on standard output. Exit codes as `pin`;
/// failures are listed in `results`, too.
[[nodiscard]] int fn(const arguments& arguments);

/// Tests the rules of the configuration with a file of images and the expected result of each. 0: all as expected; 1:
/// some are not; 2: the file, the rules or the usage is wrong, or there are no rules.
[[nodiscard]] int rules_test(const arguments& arguments);

/// Reports the images of a cluster. 0: nothing found; 1: findings; 2: the usage or the configuration is wrong; 3:
/// something could not be read or looked up.
[[nodiscard]] int report(const arguments& arguments);
[[nodiscard]] int run_console(const arguments& arguments);

/// Records the digests that workloads run. 0: all are recorded; 1: some are left; 2: the usage or the configuration is
/// wrong; 3: something could not be read or written.
[[nodiscard]] int adopt(const arguments& arguments);

/// Updates trust roots from a TUF repository. 0: they are the newest; 1: what the repository has does not hold, and
/// nothing was written; 2: the usage, the root file or a stored file is wrong; 3: the repository or the cluster could
/// not be asked.
[[nodiscard]] int trust_update(const arguments& arguments);

/// Prints a shell's completion script.
[[nodiscard]] int completion(const arguments& arguments);

/// The demo: see demo/story.hpp.
[[nodiscard]] int run_demo(const arguments& arguments);

}  // namespace pinhook::cli
