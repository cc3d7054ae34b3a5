// Where the tests find the tree they belong to and the program they start.
//
// They are functions, compiled in one file, so that the objects of all other tests do not depend on the folder the tree
// lies in: a compiler cache then serves every checkout.
#pragma once

#include <string>

namespace pinhook::testing {

/// The root of the source tree, without a slash at its end.
[[nodiscard]] std::string source_dir();
/// The path of the built program `pinhook`.
[[nodiscard]] std::string program_path();
/// The path of the built library that sets a program's calendar (support/calendar).
[[nodiscard]] std::string calendar_library_path();
/// The path of the built library that gives a program's names their addresses (support/names).
[[nodiscard]] std::string names_library_path();

}  // namespace pinhook::testing
