// The lock file of a running process: read at the start, and again when its content changes.
//
//   auto watch = lock_watch::open("/etc/pinhook/lock/pinhook.lock", {registries, false}, numbers);
//   resolver = (*watch)->resolver();                       // the lock first, then `registries`
//   tasks.spawn((*watch)->keep(on_stall));
//
// Thread rule: one thread; the resolver that gets the lock may be used by any.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/resolve/locked_resolver.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/webhook/mounted_file.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::webhook {

class lock_watch {
 public:
  struct behind_lock {
    /// For the images that the lock does not hold.
    std::shared_ptr<resolve::resolver> registries;
    /// True: these are not resolved.
    bool is_required = false;
  };

  /// Reads `file` and puts it into use. `numbers` outlives this. invalid_input: the file and its fault, with line and
  /// column; also when there is no such file.
  [[nodiscard]] static result<std::unique_ptr<lock_watch>> open(std::string file, behind_lock next,
                                                                server::metrics& numbers);

  /// Answers from the lock in use.
  [[nodiscard]] const std::shared_ptr<resolve::locked_resolver>& resolver() const { return into_; }

  /// `found`: the present content of the file. True: it differs from the last one, and is in use. Errors as `open`: the
  /// lock stays as it was, and the same trouble is not reported again. Counts.
  [[nodiscard]] result<bool> take_if_changed(const file_contents& found) { return file_->take_if_changed(found); }

  /// The file to be read for take_if_changed.
  [[nodiscard]] const std::vector<watched_file>& files() const { return file_->files(); }

  /// Looks at the file every few seconds until it is canceled, and logs the result of a change. `on_stall`: as
  /// file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall) { return file_->keep(std::move(on_stall)); }

  /// While `keep` runs: looks now.
  void hurry() { file_->hurry(); }

 private:
  explicit lock_watch(behind_lock next);

  const std::shared_ptr<resolve::locked_resolver> into_;
  std::unique_ptr<mounted_file> file_;
};

}  // namespace pinhook::webhook
