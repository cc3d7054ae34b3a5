// Durations in the form of Go and Kubernetes: "8s", "1m30s", "12h0m0s".
//
// Pure functions: safe to use from any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace pinhook {

/// Reads a duration as Go's time.ParseDuration does, but without a sign: decimal numbers with a unit each, "300ms",
/// "1.5h", "1m30s"; and a bare "0". Units: ns, us, µs, ms, s, m, h. The API server writes the `timeout` query parameter
/// in this form. invalid_input: anything else, and durations longer than 292 years.
[[nodiscard]] result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest text that reads back as the same duration: "8s", "500ms", "1m30s".
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds d);

}  // namespace pinhook
