// A run of fn, a KRM function: the input is a ResourceList, the output the same list with pinned images and results.
//
// Thread rule: one thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/resource_list.hpp>
#include <pinhook/pipeline/run.hpp>
#include <pinhook/pipeline/slot_rules.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

struct function_run_options {
  /// Used when functionConfig has no format.
  pin::pin_format format = pin::pin_format::digest;
  /// The operator's rules for single images; a format in functionConfig wins over theirs.
  slot_rules orders{};
};

class function_run final : public run {
 public:
  /// `text` outlives it.
  function_run(std::string_view text, const function_run_options& options, const files::image_places& places);

  /// The settings in functionConfig; the defaults when the list is invalid.
  [[nodiscard]] const function_config& config() const { return config_; }

  [[nodiscard]] std::vector<registry::reference> wanted() const override;
  [[nodiscard]] std::vector<rules::proof_request> questions(const digest_map& known) override;
  void take(rules::image_proofs answers) override;
  /// When an image cannot be resolved, the items stay as they are (unless keep-going). `results` and the messages give
  /// the reason; `out` is empty when the input is not a ResourceList.
  [[nodiscard]] run_outcome finish(const digest_map& known) override;
  [[nodiscard]] run_outcome stop(const error& e) override;

 private:
  result<void> read(const function_run_options& options, const files::image_places& places);
  result<void> pin(const digest_map& known);
  void report(const files::slot& s, const slot_result& r, bool writes);
  void report_notes(const pinned_file& file);
  void report_doubt(const files::slot& s);
  void report_unread();
  void warn(function_result about, std::string_view place, std::string message);

  const std::string_view text_;
  std::optional<resource_list> list_;
  function_config config_;
  std::optional<files::image_file> file_;
  pin_choice choice_;
  std::optional<rules::image_proofs> proofs_;
  /// The reason why the list cannot be pinned at all.
  std::optional<error> fault_;
  /// The item, and the doubt that was reported for it.
  std::set<std::pair<std::string, std::string>> doubts_;
  std::vector<function_result> results_;
  run_outcome outcome_;
};

}  // namespace pinhook::pipeline
