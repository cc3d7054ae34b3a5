// The references on the command line of resolve and verify.
//
// Reads standard input where a word is "-".
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>

#include <string>
#include <vector>

namespace pinhook::cli {

/// In their order; "-" is replaced by the lines of standard input. invalid_input: the message names every word that is
/// no reference, a line each; or standard input is too long.
[[nodiscard]] result<std::vector<registry::reference>> read_references(const std::vector<std::string>& arguments);

}  // namespace pinhook::cli
