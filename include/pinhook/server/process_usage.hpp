// Resource usage of this process, from /proc (proc(5)) and getrusage(2).
//
// Thread rule: any thread.
#pragma once

namespace pinhook::server {

struct process_usage {
  /// User and system time.
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_descriptors = 0;
  double descriptor_limit = 0;
};

/// A value that cannot be read is 0.
[[nodiscard]] process_usage read_process_usage();

/// Seconds since the epoch, to a hundredth; 0 when it cannot be read.
[[nodiscard]] double process_start_time();

}  // namespace pinhook::server
