// Work that may block for longer than its caller can wait, on a thread of its own: reading files above all, from a
// volume that may hang (NFS, FUSE, CSI).
//
//   auto text = std::make_shared<result<secret>>(…);
//   co_await run_aside([text, file] { *text = read_file(file, limit); }, 10s, [](bool is_late) { … });
//
// A read that hangs cannot be ended, so its thread is not waited for: it is left behind, and the process ends without
// it. The work owns whatever it uses, since it may come back when its caller has long gone.
//
// Thread rule: any thread may call; the work runs on another.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace pinhook {

/// The longest that reading a file may take before it counts as stuck. A disk answers in milliseconds, a network volume
/// whose server fails over in seconds.
inline constexpr std::chrono::seconds read_limit{10};

/// Runs `work`, and waits for it however long it takes: after `limit` it calls `on_late(true)`, and when the work comes
/// back after all, `on_late(false)`. False: it did not run (no thread could be started), or the wait was canceled.
awaitable<bool> run_aside(std::function<void()> work, std::chrono::nanoseconds limit,
                          std::function<void(bool is_late)> on_late);

/// read_file (base/file) for whoever has `within` and no more, and at most `read_limit`. Errors: as read_file;
/// timed_out, and the read is left behind; unavailable at once while `most_stuck_reads` of these are left behind, so
/// that a volume that hangs does not take a thread for each look-up; canceled.
awaitable<result<secret>> read_file_aside(std::string file, std::size_t limit, std::chrono::nanoseconds within);

inline constexpr std::size_t most_stuck_reads = 32;

/// For the start of a program, which has nothing else to do: false when `work` has not come back after `limit`.
[[nodiscard]] bool run_within(std::function<void()> work, std::chrono::nanoseconds limit);

/// Threads of these two that run at the moment. While there is one, the program must not end by `exit`: what that takes
/// apart the thread may still use.
[[nodiscard]] std::size_t side_threads();

}  // namespace pinhook
