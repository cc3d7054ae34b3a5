// What a run of pin or unpin delivers of the files that it has finished. It holds as little of each as its target
// needs.
//
//   pin_output out(run_target::diff);
//   out.add(std::move(in), pinned.text);    // true: the file changes
//   out.put_into(outcome);
//
// Thread rule: one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/run.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// The destination of a run's results.
enum class run_target : std::uint8_t {
  standard_output,  // every file, whole; YAML files joined as documents
  in_place,         // the files that change
  diff,             // unified diffs to standard output
};

/// The change of an input with content to `text`; empty: there is none. Any thread.
[[nodiscard]] std::string diff_of(const input& in, std::string_view text);

class pin_output {
 public:
  explicit pin_output(run_target target) : target_(target) {}

  /// In their order. `in` has content, and `text` is it afterwards. `diff`: diff_of(in, text), where it is known;
  /// empty: it is not. True: the file changes.
  bool add(input in, std::string text, std::string diff = {});

  /// Adds the text for standard output, and what is to be written. `inputs`: of the run. Errors as `joined`; then
  /// nothing is added to standard output. Once.
  [[nodiscard]] result<void> put_into(run_outcome& to, std::size_t inputs);

 private:
  // For standard output: every file, or each that is no JSON which was found and does not change.
  struct printed_text {
    std::string path;
    std::string text;
    bool is_of_run = true;
  };

  run_target target_;
  std::string diffs_;
  std::vector<file_write> writes_;
  std::vector<printed_text> printed_;
};

}  // namespace pinhook::pipeline
