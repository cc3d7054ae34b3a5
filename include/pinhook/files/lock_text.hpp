// How the values of lock files are written. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

/// A reference as a YAML scalar: plain where YAML reads that as this text.
[[nodiscard]] std::string plain_or_quoted(std::string_view reference);

/// "2026-11-21T08:30:00Z", perhaps with a fraction or an offset: of RFC 3339 as much as tells a time from a mistake.
[[nodiscard]] bool is_time(std::string_view text) noexcept;

}  // namespace pinhook::files
