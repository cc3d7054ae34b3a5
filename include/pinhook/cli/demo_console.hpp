// `pinhook demo --console`: the console on a made-up cluster and the demo's registry, on loopback until a signal.
//
// Blocks; one thread.
#pragma once

namespace pinhook::cli {

/// The exit code.
[[nodiscard]] int run_demo_console();

}  // namespace pinhook::cli
