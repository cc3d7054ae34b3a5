// The number of cores that this process may use: by its CPU affinity, and by its control group.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinhook::webhook {

/// The cores of a cgroup v2 `cpu.max` ("150000 100000" is one and a half: 2), at most `most`, at least 1. The text
/// "max" and invalid texts set no limit. Source: Linux Documentation/admin-guide/cgroup-v2.rst, "cpu.max".
[[nodiscard]] std::size_t limit_cores(std::size_t most, std::string_view cpu_max);

/// The least of CPU affinity (sched_getaffinity) and the limits of this process's control group and those above it.
[[nodiscard]] std::size_t usable_cores();

}  // namespace pinhook::webhook
