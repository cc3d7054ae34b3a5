// The generated tables of docs/: compares a block of a page with what the code's table says.
//
// With PINHOOK_REWRITE_GOLDEN=1 in the environment the page is rewritten instead (golden.hpp).
#pragma once

#include <string>

namespace pinhook::testing {

/// Expects `expected` between <!-- name --> and <!-- /name --> of docs/<name>.md.
void expect_block(const std::string& name, const std::string& expected);

}  // namespace pinhook::testing
