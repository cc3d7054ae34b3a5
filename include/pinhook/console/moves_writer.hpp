// Keeps a ConfigMap of the cluster with the file of moved tags, for the webhook: when what it says of tags is another
// thing, a minute after the write before at the earliest, and once an hour, so that its age tells that somebody looks.
//
//   moves_writer writer(connection, name, time);
//   … round.wants_moves = writer.wants();
//   if (made.moves) tasks.spawn(writer.write(std::move(*made.moves)));
//
// RBAC: get, create and patch on that ConfigMap. Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/access/file_object.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/console/trouble.hpp>
#include <pinhook/fleet/report_moves.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::console {

class moves_writer {
 public:
  static constexpr std::chrono::minutes pause{1};
  static constexpr std::chrono::hours longest{1};

  /// `time` outlives it.
  moves_writer(std::shared_ptr<kube::api_connection> to, access::file_object_name name, const clock& time)
      : to_(std::move(to)), name_(std::move(name)), time_(time) {}

  /// Rows were made: tags may have moved.
  void note_round() { has_news_ = true; }
  /// It is time for what the store knows now.
  [[nodiscard]] bool wants() const;

  /// Writes it where it has to; once at a time.
  awaitable<void> write(fleet::made_moves made);

  /// Why it was not written, or what it has no room for.
  [[nodiscard]] std::optional<trouble> current_trouble() const;

 private:
  awaitable<result<void>> put(std::string text);

  const std::shared_ptr<kube::api_connection> to_;
  const access::file_object_name name_;
  const clock& time_;
  bool has_news_ = false;
  bool is_writing_ = false;
  std::optional<steady_time> looked_, written_;
  /// The lines of the tags.
  std::string tags_;
  std::string failure_;
  std::string left_out_;
};

}  // namespace pinhook::console
