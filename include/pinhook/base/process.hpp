// Running a program: the one seam to other processes. Real: `machine_processes()`. In tests: `fake_process_runner`
// (tests/support), which records requests and can refuse them.
//
//   process_request ask{.argv = {"docker-credential-ecr-login", "get"}, .input = secret("public.ecr.aws")};
//   auto answer = co_await processes.run(std::move(ask), d);
//   if (answer && answer->exit_code == 0) use(answer->output);
//
// No shell is involved: `argv` reaches the program unchanged.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/process_request.hpp>
#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook {

class process_runner {
 public:
  virtual ~process_runner() = default;

  /// Runs the program to its end; any exit code is a result. It does not wait for processes that the program leaves in
  /// the background. Errors: invalid_input (no program, a NUL in an argument), not_found (no such program), denied (not
  /// executable), timed_out (killed at `d`), canceled (killed), malformed (killed for writing too much), internal (no
  /// process or descriptor available). Runs on the executor of the calling coroutine and does not block it.
  virtual awaitable<result<process_output>> run(process_request request, deadline d) = 0;
};

/// The machine's processes. The child gets no descriptor but 0, 1 and 2, default signal handling, and a process group
/// of its own, which is killed as a whole. Any thread; a run stays on the thread of its executor. Linux 5.3 or newer.
[[nodiscard]] process_runner& machine_processes();

}  // namespace pinhook
