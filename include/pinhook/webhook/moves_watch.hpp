// The file of moved tags of a running process (setting moves.file): read at the start, and again when its content
// changes.
//
//   auto opened = open_moves("/etc/pinhook/moves/moves.yaml", {.use = …, .note = …, .numbers = numbers});
//   tasks.spawn((*opened)->keep(on_stall));
//
// One thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/webhook/mounted_file.hpp>

#include <functional>
#include <memory>
#include <string>

namespace pinhook::webhook {

struct moves_user {
  std::function<void(std::shared_ptr<const resolve::tag_moves>)> use;
  /// For /readyz?verbose: "moves.file of 2026-11-29T08:30:00Z: 12 tags, 3 of them moved within 72h".
  std::function<void(std::string)> note;
  /// Outlives the file.
  server::metrics& numbers;
};

/// As mounted_file::open.
[[nodiscard]] result<std::unique_ptr<mounted_file>> open_moves(std::string file, const moves_user& user);

}  // namespace pinhook::webhook
