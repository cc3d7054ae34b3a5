// Small files: configuration, tokens, passwords.
//
// Any thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>

namespace pinhook {

/// The whole file. Errors: not_found (no such file), denied (may not be read), invalid_input (more than `limit` bytes),
/// unavailable (another failure).
[[nodiscard]] result<secret> read_file(const std::string& file, std::size_t limit);

}  // namespace pinhook
