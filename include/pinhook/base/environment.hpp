// The variables of an environment, as a value: code that reads them takes them as an argument, so that tests can pass
// others.
//
// Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pinhook {

using environment = std::map<std::string, std::string, std::less<>>;

/// This process's own variables. Of two with one name the first counts, as with getenv.
[[nodiscard]] environment process_environment();

/// The variable's value; empty when there is none of that name.
[[nodiscard]] std::string_view variable(const environment& all, std::string_view name);

}  // namespace pinhook
