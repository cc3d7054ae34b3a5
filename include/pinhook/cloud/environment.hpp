// The environment variables by which programs find their cloud identity. A value, so that tests can set it.
//
// Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pinhook::cloud {

using environment = std::map<std::string, std::string, std::less<>>;

/// This process's variables.
[[nodiscard]] environment process_environment();

/// The variable's value; empty when it is not there.
[[nodiscard]] std::string_view variable(const environment& all, std::string_view name);

}  // namespace pinhook::cloud
