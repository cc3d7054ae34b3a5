// Golden files: compares a test's output with the content of a file.
#pragma once

#include <filesystem>
#include <string>

namespace pinhook::testing {

/// The file's text; a test failure and "" when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Compares `actual` with the file; with PINHOOK_REWRITE_GOLDEN=1 in the environment the file is rewritten instead.
void expect_golden(const std::filesystem::path& path, const std::string& actual);

}  // namespace pinhook::testing
