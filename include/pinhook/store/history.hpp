// The history of reports in one SQLite file.
//
//   auto opened = history::open("history.db", {});
//   auto records = (*opened)->add(seen);         // since when each use and each finding has been there
//   auto moved = (*opened)->moves(now - 24h * 90);
//
// An observation is stored whole or not at all: a process that is killed, a full disk or a lost machine leave what was
// committed before. One writes at a time; another waits for `options.busy_timeout`. The file is in WAL mode, which does
// not work on a network file system.
//
// One thread. Errors: those of database.hpp; unsupported: the file is of a later version; invalid_input: a database of
// another program.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/store/database.hpp>
#include <pinhook/store/observation.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::store {

struct history_options {
  /// What has ended is forgotten after this time: resolved findings, uses that are gone, moves of tags, tags that no
  /// report asked for. Shorter: a smaller file.
  std::chrono::hours retention{24 * 400};
  /// At most so many ended findings, ended uses and moves, each; the oldest go first.
  std::int64_t most_ended = 200'000;
  /// How long to wait for another report that writes.
  std::chrono::milliseconds busy_timeout{30'000};
};

class history {
 public:
  /// The version of the schema that this program writes; a file of an earlier one is brought to it.
  static constexpr std::int64_t schema_version = 2;

  [[nodiscard]] static result<std::unique_ptr<history>> open(const std::string& path, const history_options& options);

  /// Stores what a report saw, and forgets what is beyond the options' limits. The result has a record for each of
  /// `seen.uses`, in their order. A use that is given twice is stored once, with the findings of the first.
  /// `resolved`: gets the findings that it ended; null: nobody asks.
  [[nodiscard]] result<std::vector<record>> add(const observation& seen, std::vector<past_finding>* resolved = nullptr);

  /// Findings of a cluster that are there, or that ended at `since` or later; newest first.
  [[nodiscard]] result<std::vector<past_finding>> findings(const std::string& cluster, wall_time since);
  /// The same without an order, one by one, so that the whole need not be in memory.
  [[nodiscard]] result<void> each_finding(const std::string& cluster, wall_time since,
                                          const std::function<void(past_finding)>& take);
  /// Uses of images of a cluster that are there, or that ended at `since` or later; without an order.
  [[nodiscard]] result<void> each_use(const std::string& cluster, wall_time since,
                                      const std::function<void(past_use)>& take);
  /// Moves of tags at `since` or later, newest first.
  [[nodiscard]] result<std::vector<tag_move>> moves(wall_time since);
  /// Tags that were looked up at `since` or later, by name.
  [[nodiscard]] result<std::vector<known_tag>> tags(wall_time since);
  /// Tags whose newest digest was seen for less than `cooldown` at `now`, by name. A further move begins a new
  /// cooldown, and a move back ends it: such a tag is there only when it had other digests meanwhile, which may have
  /// stood for a shorter cooldown.
  [[nodiscard]] result<std::vector<waiting_tag>> waiting(wall_time now, std::chrono::nanoseconds cooldown);

 private:
  class adding;
  history(std::unique_ptr<database> owned, const history_options& options)
      : database_(std::move(owned)), options_(options) {}
  [[nodiscard]] result<void> prepare_file();
  [[nodiscard]] result<void> migrate();
  [[nodiscard]] result<std::int64_t> cluster_id(const std::string& name);
  [[nodiscard]] result<void> add_tags(const observation& seen);
  [[nodiscard]] result<void> forget(wall_time now);
  [[nodiscard]] result<void> drop_by(std::string_view text, std::int64_t number);
  [[nodiscard]] result<void> each_finding(const std::string& cluster, wall_time since,
                                          const std::function<void(past_finding)>& take, std::string_view order);

  std::unique_ptr<database> database_;
  history_options options_;
  std::optional<wall_time> forgotten_;
};

}  // namespace pinhook::store
