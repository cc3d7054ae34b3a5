// The text of values in lock files. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

/// A reference as a YAML scalar: plain where YAML reads that as this text.
[[nodiscard]] std::string plain_or_quoted(std::string_view reference);

/// True for "2026-11-21T08:30:00Z", perhaps with a fraction or an offset: as much of RFC 3339 as is needed to find
/// mistakes.
[[nodiscard]] bool is_time(std::string_view text) noexcept;

}  // namespace pinhook::files
