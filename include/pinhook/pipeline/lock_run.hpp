// A run of lock: the lock file for the images of files.
//
// Thread rule: one thread. Reads the files that a named kustomization includes.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/pipeline/cooldown.hpp>
#include <pinhook/pipeline/fault_counts.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/locking.hpp>
#include <pinhook/pipeline/run.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

struct lock_run_options {
  /// "-": the lock goes to standard output, and no file is written.
  std::string path;
  /// The lock's text today; none when there is no file yet.
  std::optional<std::string> existing;
  /// None: the existing lock's, else pinhook's.
  std::optional<files::lock_format> format;
  /// Look up again images that are locked already, unless a file pins them.
  bool updates = false;
  /// Drop the images of the existing lock that the files do not use. False: they stay, since they may be of files
  /// that this run does not read.
  bool prunes = false;
  /// Write what succeeds although a file is invalid or an image cannot be resolved. Then a failed image keeps the entry
  /// that it has, and `prunes` drops nothing when a file is invalid, since its images are not known, nor when every
  /// image failed.
  bool keeps_going = false;
  /// The operator's rules for single images.
  slot_rules orders{};
  /// The time of images that are new or changed, and how long a moved tag waits.
  cooldown wait{};
};

class lock_run final : public run {
 public:
  lock_run(lock_run_options options, const std::vector<input>& inputs, const files::image_places& places);

  [[nodiscard]] std::vector<registry::reference> wanted() const override;
  [[nodiscard]] std::vector<rules::proof_request> questions(const digest_map& known) override;
  void take(rules::image_proofs answers) override { proofs_ = std::move(answers); }
  /// Nothing is written when an input is invalid or an image cannot be resolved, unless it keeps going, nor when the
  /// lock stays the same.
  [[nodiscard]] run_outcome finish(const digest_map& known) override;
  [[nodiscard]] run_outcome stop(const error& e) override;

 private:
  void say(std::string line) { outcome_.messages.push_back({std::move(line), false}); }
  void say_error(std::string line) { outcome_.messages.push_back({std::move(line), true}); }
  void worsen(run_status status) { outcome_.status = std::max(outcome_.status, status); }
  /// Ends the run, whether it keeps going or not.
  void refuse(const error& e);
  [[nodiscard]] bool is_stopped() const {
    return is_refused_ || (outcome_.status != run_status::good && !options_.keeps_going);
  }
  void read_existing();
  void report_inputs(const std::vector<input>& inputs);
  void bad(const std::string& path, const error& e);
  [[nodiscard]] std::vector<std::optional<kustomization_gaps>> find_gaps(const std::vector<input>& inputs,
                                                                         const files::image_places& places);
  [[nodiscard]] static std::vector<renamed_images> find_renames(const std::vector<input>& inputs,
                                                                const files::image_places& places,
                                                                std::vector<std::optional<kustomization_gaps>>& gaps);
  void report_failures(const digest_map& known);
  /// The digests that the lock would get, with the references that they are for.
  [[nodiscard]] std::vector<std::pair<registry::reference, registry::digest>> new_digests(
      const digest_map& known) const;
  void report_refusals();
  void judge_signatures(const digest_map& known);
  [[nodiscard]] fault_counts faults() const { return {unresolved_, denied_, bad_files_}; }
  [[nodiscard]] files::lock_format format() const;
  void write(std::string text);
  void report_waiting(const resolve::image_lock& after);
  void report(const resolve::image_lock& before, const resolve::image_lock& after, std::size_t used);

  const lock_run_options options_;
  std::optional<files::lock_file> existing_;
  lock_plan plan_;
  bool is_refused_ = false;
  std::size_t bad_files_ = 0;
  std::size_t unresolved_ = 0;
  std::optional<rules::image_proofs> proofs_;
  /// Canonical references whose digest gets no entry, by the operator's rules about signatures.
  std::set<std::string, std::less<>> refused_;
  std::size_t denied_ = 0;
  std::size_t unchecked_ = 0;
  run_outcome outcome_;
};

}  // namespace pinhook::pipeline
