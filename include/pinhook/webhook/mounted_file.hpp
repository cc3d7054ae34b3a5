// A file of a running process, such as a lock file from a ConfigMap: read at the start, and again when its content
// changes. A file that is not valid changes nothing: what was read before stays in use.
//
//   auto file = mounted_file::open("/etc/pinhook/lock/pinhook.lock", {.setting = "lock.file", .take = …});
//   tasks.spawn((*file)->keep(on_stall));
//
// base/file_watch reads it. One thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::webhook {

class mounted_file {
 public:
  struct options {
    /// "lock.file": the setting that names it, for errors.
    std::string setting;
    /// "lock file": in the log.
    std::string noun;
    std::size_t most_bytes = 0;
    /// Puts a content into use, or names its fault and changes nothing.
    std::function<result<void>(std::string_view text)> take;
    /// Called for each change: whether it is in use.
    std::function<void(bool is_good)> on_change;
  };

  /// Reads `path` and puts it into use. invalid_input: the file and its fault; also when there is no such file.
  [[nodiscard]] static result<std::unique_ptr<mounted_file>> open(std::string path, options o);

  /// `found`: the present content of the file. True: it differs from the last one, and is in use. Errors as `open`:
  /// what was in use stays, and the same trouble is not reported again.
  [[nodiscard]] result<bool> take_if_changed(const file_contents& found);

  /// The file to be read for take_if_changed.
  [[nodiscard]] const std::vector<watched_file>& files() const { return files_; }

  /// Looks at the file every few seconds until it is canceled, and logs the result of a change. `on_stall`: as
  /// file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall);

  /// While `keep` runs: looks now.
  void hurry();

 private:
  mounted_file(std::string path, options o);
  [[nodiscard]] result<void> read(const file_contents& found);

  const std::string path_;
  const options options_;
  const std::vector<watched_file> files_;
  /// The mark of the content that was read last.
  std::string last_mark_;
  std::optional<file_watch> watch_;
};

}  // namespace pinhook::webhook
