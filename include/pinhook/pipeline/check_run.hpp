// A run of check: the findings of files as a report.
//
//   check_run r(options, s.rules, "pinhook.yaml");
//   each_input(paths, rules, [&](input one) {
//     return input_turn([&r, begun = r.begin(std::move(one))]() mutable { r.take_begun(std::move(begun)); });
//   });
//   auto known = look_up(r.wanted());
//   auto done = r.finish(known);
//
// A file without images that have to be looked up is checked and forgotten in `begin`, so that one such file for each
// thread is in memory at a time.
//
// Thread rule: one thread; `begin` any, many at once.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/pipeline/findings.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/run.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

struct check_run_options {
  report_format output = report_format::table;
  /// The run sets `is_complete`.
  report_options report{};
  /// The namespace of objects that name none.
  std::string ns;
  /// Compare pins with the current digests of their tags.
  bool has_drift = false;
  /// The lock file that gives digests; empty: registries, and these only with `has_drift`.
  std::string lock_file;
  /// The arguments that name the inputs: each without an image gets a message. Empty: standard input.
  std::vector<std::string> arguments{};
  /// Notes, and arguments without an image, fail the run, too.
  bool is_strict = false;
  /// The format of suggested pins.
  pin::pin_format format = pin::pin_format::digest;
  slot_rules orders{};
  /// Renames by the kustomizations around the files: renames_around().
  renames_by_file renames{};
};

class check_run final : public run {
 public:
  /// `of_operator`: the operator's rules. `file`: the configuration's path, empty without one.
  check_run(check_run_options options, const rules::rule_set& of_operator, std::string_view file);

  /// An input that is not taken yet, with its findings where they depend on no look-up.
  struct begun_input {
    input in;
    std::optional<checked_file> checked;
  };
  [[nodiscard]] begun_input begin(input one) const;
  void take_begun(begun_input one);
  void take(input one) { take_begun(begin(std::move(one))); }
  [[nodiscard]] std::vector<registry::reference> wanted() const override;
  [[nodiscard]] std::vector<rules::proof_request> questions(const digest_map& known) override;
  void take(rules::image_proofs answers) override { proofs_ = std::move(answers); }
  [[nodiscard]] run_outcome finish(const digest_map& known) override;
  [[nodiscard]] run_outcome stop(const error& e) override;

 private:
  // A file whose findings depend on look-ups.
  struct waiting_file {
    std::size_t place;
    files::image_file file;
    bool is_named = false;
  };

  void say(std::string line) { outcome_.messages.push_back({std::move(line), false}); }
  void say_error(std::string line) { outcome_.messages.push_back({std::move(line), true}); }
  void take_fault(input one);
  void note_content(const input& one, bool has_images);
  [[nodiscard]] check_question question(const std::string& path, const digest_map* known) const;
  [[nodiscard]] checked_file check(const std::string& path, const files::image_file& file, bool is_named,
                                   const digest_map& known);
  /// Keeps the file until its look-ups are there; false: it needs none.
  [[nodiscard]] bool must_wait(const input& one, const digest_map* known);
  [[nodiscard]] pin_text suggestion(const files::image_file& file, std::size_t slot, const registry::digest& digest);
  std::size_t report_failures(const digest_map& known);
  [[nodiscard]] empty_arguments find_empty_arguments() const;

  const check_run_options options_;
  const file_checks checks_;
  const bool looks_up_;
  /// Registries are asked, so that verifiers can be.
  const bool asks_verifiers_;
  std::optional<rules::image_proofs> proofs_;
  checked_files files_;
  std::vector<waiting_file> waiting_;
  /// By argument: one of its inputs holds an image, or could not be read.
  std::vector<bool> has_content_;
  std::map<std::string, registry::reference> wanted_;
  std::size_t excluded_ = 0;
  /// The canonical references of images that are no guesses (slot::is_guess).
  std::set<std::string, std::less<>> certain_;
  std::size_t templates_ = 0;
  std::string first_template_;
  /// Bytes of the files that were rewritten for the lines of a fix.
  std::size_t rewritten_ = 0;
  run_outcome outcome_;
};

}  // namespace pinhook::pipeline
