// Values of quoted scalars as YAML 1.2.2 reads them (sections 5.7, 7.3.1, 7.3.2). libfyaml 0.7 counts more than two
// quotes beside each other wrongly, loses blanks before escaped ends of lines, and more. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::yaml {

/// The value of the bytes between two quotes, single or double ones. No value: they have an escape that YAML does not
/// know, or half of a surrogate pair, as JSON has them.
[[nodiscard]] std::optional<std::string> quoted_value(std::string_view inside, char quote);

}  // namespace pinhook::yaml
