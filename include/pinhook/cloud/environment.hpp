// Where a cloud's own programs find out who they are: variables of the environment. A value, so that tests have others.
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
