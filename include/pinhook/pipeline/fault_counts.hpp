// What went wrong in a run over files, in numbers, for its last messages.
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::pipeline {

struct fault_counts {
  std::size_t unresolved = 0;
  /// Images whose digest a rule refuses.
  std::size_t refused = 0;
  std::size_t bad_files = 0;
};

/// "nothing is written: 2 images not resolved, 1 file invalid; use --keep-going to write the rest"
[[nodiscard]] std::string nothing_written(const fault_counts& n);

/// The end of a summary: "; 2 not resolved; 1 refused by rules; 1 file invalid"; empty when nothing went wrong.
[[nodiscard]] std::string faults_of_rest(const fault_counts& n);

}  // namespace pinhook::pipeline
