// A run of pin or unpin over many files: the references to look up first, then the output, the files to write and the
// messages.
//
//   file_run run({.command = "pin", .task = pin_task::pin}, std::move(inputs), rules);
//   auto known = answers_to(run.wanted());
//   auto done = run.finish(known);          // done.out, done.writes, done.messages, done.exit_code
//
// Thread rule: one thread. Writes nothing; reads the files that a named kustomization includes.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// Where a run's results go.
enum class run_target : std::uint8_t {
  standard_output,  // every file, whole; YAML files joined as documents
  in_place,         // the files that change
  diff,             // unified diffs to standard output
};

struct file_run_options {
  /// For messages: "pin", "unpin".
  std::string_view command = "pin";
  pipeline::pin_task task = pipeline::pin_task::pin;
  pin::pin_format format = pin::pin_format::digest;
  /// The operator's rules for single images.
  pipeline::site_rules orders{};
  run_target target = run_target::standard_output;
  /// Write the files that succeed although something failed.
  bool keeps_going = false;
  /// Paths of kustomizations that may take in the files, besides those among them.
  std::vector<std::string> around{};
};

struct file_run_result {
  /// For standard output.
  std::string out;
  struct file_write {
    std::string path;
    std::string text;
  };
  std::vector<file_write> writes;
  /// For standard error: whole lines.
  std::string messages;
  int exit_code = 0;
};

class file_run {
 public:
  /// `rules` outlives it.
  file_run(file_run_options options, std::vector<pipeline::input> inputs, const files::file_rules& rules);

  /// References to look up, each canonical one once. None when an invalid file stops the run.
  [[nodiscard]] std::vector<registry::reference> wanted() const;
  /// `known` holds an answer for each of `wanted`. Once.
  [[nodiscard]] file_run_result finish(const pipeline::digest_map& known);

 private:
  struct one_file {
    pipeline::input in;
    /// Of a kustomization that is named on the command line.
    std::optional<pipeline::kustomization_gaps> gaps;
    /// Its images that a kustomization renames.
    pipeline::renamed_images renamed;
    /// The file afterwards; none when it is invalid.
    std::optional<std::string> text;
  };
  struct counts {
    std::size_t changed_images = 0, changed_files = 0, current = 0, left = 0, failed = 0, bad_files = 0;
  };

  void find_entries();
  void add_entries(const std::string& path, std::string_view text);
  void find_gaps();
  void find_renames();
  void report_inputs();
  void finish_file(one_file& file, const pipeline::digest_map& known);
  [[nodiscard]] pipeline::pin_choice choice_for(const one_file& file) const;
  [[nodiscard]] result<std::string> with_gaps(const one_file& file, std::string text,
                                              const pipeline::pin_choice& choice, const pipeline::digest_map& known);
  /// True for an entry of a kustomization that gets the digest of the images that it matches.
  [[nodiscard]] static bool is_filled(const one_file& file, const files::site& s);
  void report_site(const one_file& file, const files::site& s, const pipeline::site_result& r);
  void bad(const std::string& path, const error& e);
  void say(std::string_view line);
  [[nodiscard]] bool is_stopped() const;
  void emit(file_run_result& into);
  void report_rules();
  [[nodiscard]] std::string summary() const;

  const file_run_options options_;
  const pipeline::pin_choice choice_;
  const files::file_rules& rules_;
  std::vector<one_file> files_;
  /// The `images` lists that compare tags, by the path of their kustomization.
  std::vector<std::pair<std::string, std::vector<files::kustomize_entry>>> entries_;
  std::string messages_;
  /// The number of images that each rule leaves as they are.
  std::map<std::string, std::size_t> left_by_rule_;
  counts n_;
  int exit_code_ = 0;
};

}  // namespace pinhook::cli
