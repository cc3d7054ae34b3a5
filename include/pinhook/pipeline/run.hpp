// A run of a command over files, apart from its inputs and outputs: which references have to be looked up, and then the
// output, the files to write, the messages and the status.
//
//   pin_run r(options, std::move(inputs), rules);
//   auto known = look_up(r.wanted());
//   r.take(prove(r.questions(known)));                // where rules demand signatures
//   auto done = r.finish(known);
//
// Thread rule: one thread. A run writes nothing and asks no registry.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/text_mark.hpp>
#include <pinhook/pipeline/digest_map.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// In the order of their severity: of two, the greater one counts.
enum class run_status : std::uint8_t {
  good,
  /// The result is negative (check has findings), or a file cannot be written.
  failed,
  /// A reference could not be resolved.
  unresolved,
  /// An input, or the configuration, is invalid.
  invalid,
};

struct file_write {
  std::string path;
  std::string text;
  /// Of the text that the run has read there; of an empty one when there was no file.
  text_mark before{};
};

struct run_message {
  /// Without the command's name and not yet made printable.
  std::string text;
  /// A reason for a status other than `good`. False: a note or the summary, which -q leaves out.
  bool is_error = false;
};

struct run_outcome {
  /// For standard output.
  std::string out;
  /// To be written after everything else has succeeded, all or none, and only over what was read.
  std::vector<file_write> writes;
  /// For standard error: a line each.
  std::vector<run_message> messages;
  run_status status = run_status::good;
};

class run {
 public:
  run() = default;
  run(const run&) = delete;
  run& operator=(const run&) = delete;
  virtual ~run() = default;

  /// References to look up, each canonical one once. None when an invalid input stops the run.
  [[nodiscard]] virtual std::vector<registry::reference> wanted() const = 0;
  /// What rules ask of verifiers about the images, whose digests are known by now: `known` holds an answer for each of
  /// `wanted`. None where nothing is demanded of a signature. Again when Content Trust gave other digests
  /// than registries.
  [[nodiscard]] virtual std::vector<rules::proof_request> questions(const digest_map& known) = 0;
  /// The answers for `questions`. Without them, what rules demand of signatures is unchecked, which the run says.
  virtual void take(rules::image_proofs answers) = 0;
  /// `known` holds an answer for each of `wanted`. Once.
  [[nodiscard]] virtual run_outcome finish(const digest_map& known) = 0;
  /// In place of `finish`, when there is no source of digests: the run is refused. Once.
  [[nodiscard]] virtual run_outcome stop(const error& e) = 0;
};

}  // namespace pinhook::pipeline
