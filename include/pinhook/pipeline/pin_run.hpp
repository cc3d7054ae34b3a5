// A run of pin or unpin over many files.
//
// Thread rule: one thread, which starts others for the work on many files. Reads the files that a named kustomization
// includes.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/cooldown.hpp>
#include <pinhook/pipeline/fault_counts.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/pin_output.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/run.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// The lock file that remembers the digests of tags and the first sight of newer ones, so that a moved tag keeps its
/// digest until its cooldown is over. It is written beside the files, unless the target is a diff.
struct pin_memory {
  std::string path;
  /// Its text today; none when there is no file yet.
  std::optional<std::string> existing;
  cooldown wait{};
};

struct pin_run_options {
  pin_task task = pin_task::pin;
  pin::pin_format format = pin::pin_format::digest;
  /// The operator's rules for single images.
  slot_rules orders{};
  run_target target = run_target::standard_output;
  /// Write the files that succeed although something failed.
  bool keeps_going = false;
  /// Paths of kustomizations that may include the files, besides those among the inputs.
  std::vector<std::string> around{};
  /// None: what registries say is taken at once.
  std::optional<pin_memory> memory{};
};

class pin_run final : public run {
 public:
  /// `places` outlives it.
  pin_run(pin_run_options options, std::vector<input> inputs, const files::image_places& places);

  [[nodiscard]] std::vector<registry::reference> wanted() const override;
  [[nodiscard]] std::vector<rules::proof_request> questions(const digest_map& known) override;
  void take(rules::image_proofs answers) override;
  [[nodiscard]] run_outcome finish(const digest_map& known) override;
  [[nodiscard]] run_outcome stop(const error& e) override;

 private:
  struct one_file {
    input in;
    /// Of a kustomization that is named on the command line.
    std::optional<kustomization_gaps> gaps;
    /// Its images that a kustomization renames.
    renamed_images renamed;
  };
  // The work on one file that needs no other one.
  struct made_file {
    result<pinned_file> pinned;
    /// A diff is the target: the change; empty where there is none, or it is not known yet.
    std::string diff{};
  };
  struct counts {
    std::size_t changed_images = 0, changed_files = 0, current = 0, left = 0, failed = 0, refused = 0, unchecked = 0,
                bad_files = 0;
  };

  void read_memory();
  /// The digests to write: those of `known`, but that of the memory for a tag whose cooldown is not over.
  [[nodiscard]] digest_map cooled(const digest_map& known);
  /// The digests of a tag in the files.
  [[nodiscard]] std::vector<registry::digest> pins_of(std::string_view canonical) const;
  void find_entries();
  void add_entries(const std::string& path, std::string_view text);
  void find_gaps();
  void find_renames();
  void report_inputs();
  /// Any thread.
  [[nodiscard]] made_file make(const one_file& file, const digest_map& known) const;
  void finish_file(one_file& file, made_file made, const digest_map& known);
  [[nodiscard]] pin_choice choice_for(const one_file& file) const;
  /// unpin: takes the entries that pin added out of the text. Any thread.
  [[nodiscard]] result<void> take_entries_away(const one_file& file, const pin_choice& choice, pinned_file& of) const;
  [[nodiscard]] result<std::string> with_gaps(const one_file& file, std::string text, const digest_map& known);
  /// True for an entry of a kustomization that gets the digest of the images that it matches.
  [[nodiscard]] static bool is_filled(const one_file& file, const files::slot& s);
  /// False: no digest may be written into the entry.
  /// The sentence of the rule that refuses the registry of the image; empty: none does.
  [[nodiscard]] std::string refusal_of(const kustomization_gap& gap) const;
  [[nodiscard]] bool may_fill(const one_file& file, const kustomization_gap& gap, const registry::digest& digest,
                              const digest_map& known);
  void report_slot(const one_file& file, const files::slot& s, const slot_result& r);
  void bad(const std::string& path, const error& e);
  void say(std::string line) { outcome_.messages.push_back({std::move(line), false}); }
  void say_error(std::string line) { outcome_.messages.push_back({std::move(line), true}); }
  void worsen(run_status status);
  [[nodiscard]] bool is_stopped() const;
  void emit();
  void report_rules();
  [[nodiscard]] std::string summary() const;

  [[nodiscard]] fault_counts faults() const { return {n_.failed, n_.refused, n_.bad_files}; }

  const pin_run_options options_;
  pin_choice choice_;
  /// Of options_.memory, and as this run leaves it.
  files::lock_file memory_;
  /// As it was: a digest that may not be written is not remembered either.
  resolve::image_lock remembered_;
  /// The digests to write, once they are known.
  std::optional<digest_map> digests_;
  std::vector<std::string> waiting_notes_;
  std::optional<rules::image_proofs> proofs_;
  const files::image_places& places_;
  std::vector<one_file> files_;
  /// The `images` lists that compare tags, by the path of their kustomization.
  std::vector<std::pair<std::string, std::vector<files::kustomize_entry>>> entries_;
  /// The number of images that each rule leaves as they are.
  std::map<std::string, std::size_t> left_by_rule_;
  counts n_;
  pin_output output_;
  run_outcome outcome_;
};

}  // namespace pinhook::pipeline
