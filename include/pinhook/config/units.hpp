// Durations and sizes as people write them in a configuration: "8s", "1m30s", "8MiB".
//
// Pure functions: safe to use from any thread.
#pragma once

#include <pinhook/base/duration.hpp>
#include <pinhook/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::config {

/// Whole numbers with an optional unit: "65536", "64KiB", "8MiB" (also "64Ki", "8Mi" as in Kubernetes).
[[nodiscard]] result<std::uint64_t> parse_size(std::string_view text);

/// "8MiB", "1000": the largest unit that divides evenly.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace pinhook::config
