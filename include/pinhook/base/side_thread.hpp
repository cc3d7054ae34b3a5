// Runs work that may block for longer than its caller can wait on a thread of its own, above all reads of files from a
// volume that may hang (NFS, FUSE, CSI).
//
//   auto text = std::make_shared<result<secret>>(…);
//   co_await run_aside([text, file] { *text = read_file(file, limit); }, 10s, [](bool is_late) { … });
//
// A hanging read cannot be ended, so its thread is not joined: it is left behind, and the process ends without it. The
// work must own everything that it uses, since it may return long after its caller has ended.
//
// Thread rule: any thread may call; the work runs on another.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook {

/// The time after which the read of a file counts as stuck. A disk answers in milliseconds, a network volume whose
/// server fails over in seconds.
inline constexpr std::chrono::seconds read_limit{10};

/// Runs `work` and waits for it without a limit: after `limit` it calls `on_late(true)`, and when the work returns
/// after all, `on_late(false)`. False: it did not run (no thread could be started), or the wait was canceled.
awaitable<bool> run_aside(std::function<void()> work, std::chrono::nanoseconds limit,
                          std::function<void(bool is_late)> on_late);

/// Runs `read`, which reads the files that `name` names in errors, for at most `within`, and at most `read_limit`.
/// At most `most_stuck_reads` run at a time; the others wait for a place. Errors: timed_out, and the read is left
/// behind; unavailable at once while all places are taken by reads that were left behind, so that a hanging volume does
/// not take a thread for each look-up; canceled.
awaitable<result<void>> read_aside(std::string name, std::function<void()> read, std::chrono::nanoseconds within);

/// The same for read_file (base/file), with its errors.
awaitable<result<secret>> read_file_aside(std::string file, std::size_t limit, std::chrono::nanoseconds within);

inline constexpr std::size_t most_stuck_reads = 32;

/// The number of read_aside's reads that began `read_limit` before `now`, or earlier, and have not come back.
[[nodiscard]] std::size_t overdue_reads(steady_time now);

/// For the start of a program, which has nothing else to do: false when `work` has not returned after `limit`.
[[nodiscard]] bool run_within(std::function<void()> work, std::chrono::nanoseconds limit);

/// That reading `name` took longer than `limit`.
[[nodiscard]] error read_hangs(std::string_view name, std::chrono::nanoseconds limit);

/// The same for work that reads the files that `name` names in errors. Errors: those of `work`; timed_out.
template <class T>
[[nodiscard]] result<T> read_within(std::string_view name, std::function<result<T>()> work,
                                    std::chrono::nanoseconds limit = read_limit) {
  const auto out = std::make_shared<result<T>>(fail(error_code::internal, "not read"));
  if (!run_within([out, work = std::move(work)] { *out = work(); }, limit))
    return std::unexpected(read_hangs(name, limit));
  return std::move(*out);
}

/// The number of these functions' running threads. While there is one, the program must not end by `exit`, which
/// destroys objects that the thread may still use.
[[nodiscard]] std::size_t side_threads();

}  // namespace pinhook
