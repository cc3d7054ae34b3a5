// The lock file that a process serves by: read at the start, read again when its content changes.
//
//   auto watch = lock_watch::open("/etc/pinhook/lock/pinhook.lock", tags, numbers);
//   tasks.spawn((*watch)->keep());
//
// Contents are compared, not times or names: the kubelet changes a mounted ConfigMap by a symbolic link.
//
// Thread rule: one thread; the resolver it tells may be used by any.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/resolve/locked_resolver.hpp>
#include <pinhook/server/metrics.hpp>

#include <memory>
#include <string>

namespace pinhook::cli {

class lock_watch {
 public:
  /// Reads `file` and puts it into use. `numbers` outlives this. invalid_input: the file and what is wrong with it,
  /// with line and column; also when there is none.
  [[nodiscard]] static result<std::unique_ptr<lock_watch>> open(std::string file,
                                                                std::shared_ptr<resolve::locked_resolver> into,
                                                                server::metrics& numbers);

  /// Reads the file again. True: it is another one, and in use. Errors as `open`: the lock stays as it was, and the
  /// same trouble is not reported again. Counts.
  [[nodiscard]] result<bool> reload_if_changed();

  /// Looks at the file every few seconds until it is canceled, and logs what became of a change.
  awaitable<void> keep();

 private:
  lock_watch(std::string file, std::shared_ptr<resolve::locked_resolver> into, server::metrics& numbers);
  void take(resolve::image_lock lock);

  const std::string file_;
  const std::shared_ptr<resolve::locked_resolver> into_;
  server::metrics& numbers_;
  /// What was seen last: the digest of the content, or why it could not be read.
  std::string seen_;
};

}  // namespace pinhook::cli
