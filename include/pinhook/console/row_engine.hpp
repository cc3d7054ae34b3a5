// Makes the rows of changed namespaces with the functions of `pinhook report`, and keeps their history.
//
//   row_engine engine({.checks = …, .server = …}, std::move(history));
//   round_result made = engine.run({.namespaces = cache.take_changed(5'000), .answers = …});
//
// Blocks for as long as computing and the store take, so it has a thread of its own. One thread at a time.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/console/cluster_cache.hpp>
#include <pinhook/console/fleet_past.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/rule_exceptions.hpp>
#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/fleet/make_rows.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/fleet/report_moves.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/store/history.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::console {

struct engine_options {
  pipeline::file_checks checks;
  pin::pin_format format = pin::pin_format::digest;
  /// The address of the API server: the cluster's name in the store.
  std::string server;
  bool asks_registries = true;
  /// Rules about signatures are judged, by the answers of rounds.
  bool asks_verifiers = false;
  /// Views say who pulls an image.
  bool reads_pull_secrets = false;
  /// The operator's, for what they say of moves.
  rules::rule_set rules = {};
  /// How far back the file of moved tags goes.
  std::chrono::nanoseconds moves_cooldown{0};
  /// Workloads that it does not match have no rows.
  fleet::label_selector selector = {};
  /// Others write to the history, too: with a selector, what is not seen may be one of theirs and has not ended.
  bool shares_history = false;
  /// Those that are watched; empty: all.
  std::vector<std::string> namespaces = {};
  /// How long what the store says of moves is used again.
  std::chrono::seconds past_age{20};
};

struct registry_answer {
  registry::reference reference;
  result<fleet::manifest> manifest;
};

struct proof_answer {
  registry::reference image;
  rules::proofs answers;
};

struct engine_round {
  std::vector<namespace_content> namespaces;
  std::vector<registry_answer> answers;
  std::vector<proof_answer> proofs = {};
  /// References, and images of proofs, that nobody uses any more: their answers are forgotten.
  std::vector<registry::reference> dropped;
  std::vector<registry::reference> dropped_images = {};
  wall_time now{};
  /// False: lists could not be read, so what is missing has not ended.
  bool is_whole = true;
  /// Every namespace that is there has been given: with this round, or with an earlier one.
  bool is_complete = false;
  /// The result has the file of moved tags.
  bool wants_moves = false;
};

struct round_result {
  /// Null: the namespace is gone.
  std::map<std::string, std::shared_ptr<const namespace_view>, std::less<>> namespaces;
  days_by_namespace days;
  std::optional<fleet::made_moves> moves = {};
  /// The store could not be written or read; the rows are there nevertheless.
  std::optional<error> trouble;
};

class row_engine {
 public:
  /// `history`: null for none.
  row_engine(engine_options options, std::unique_ptr<store::history> history);

  [[nodiscard]] round_result run(engine_round round);
  [[nodiscard]] const engine_options& options() const { return options_; }
  /// Of the rules; any thread.
  [[nodiscard]] const exception_table& exceptions() const { return exceptions_; }

 private:
  void learn(std::vector<registry_answer> answers);
  void forget(const std::vector<registry::reference>& dropped);
  void learn(engine_round& from);
  [[nodiscard]] result<void> read_earlier(wall_time now);
  [[nodiscard]] result<void> read_moves(wall_time now);
  [[nodiscard]] result<void> load_past(wall_time now);
  void add_gone_namespaces(engine_round& to);
  [[nodiscard]] bool has_answers(const std::vector<registry::reference>& all) const;
  [[nodiscard]] result<void> remember(fleet::report& r, bool is_whole, bool has_all_answers);

  const engine_options options_;
  const exception_table exceptions_;
  std::unique_ptr<store::history> history_;
  fleet::registry_facts facts_;
  rules::image_proofs proofs_;
  std::vector<store::tag_move> moves_;
  std::optional<wall_time> moves_read_;
  /// What earlier rounds saw of tags, where a rule asks for that.
  const bool asks_for_moves_;
  resolve::tag_moves earlier_;
  std::optional<wall_time> earlier_read_;
  fleet_past past_;
  bool has_past_ = false;
  /// Namespaces of the store that no round has had yet.
  std::set<std::string, std::less<>> unseen_;
};

}  // namespace pinhook::console
