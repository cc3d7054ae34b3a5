// Exit codes of the process.
#pragma once

#include <pinhook/base/error.hpp>

namespace pinhook::cli {

constexpr int exit_good = 0;
/// The work was done and the result is negative: check has findings.
constexpr int exit_failed = 1;
/// The command line, the configuration or an input is wrong.
constexpr int exit_usage = 2;
/// A look-up failed: a registry (or the lock file) gave no digest for a reference.
constexpr int exit_lookup = 3;

/// One table from error codes: invalid_input and unsupported → 2; everything else 1.
[[nodiscard]] int exit_code(error_code code) noexcept;

}  // namespace pinhook::cli
