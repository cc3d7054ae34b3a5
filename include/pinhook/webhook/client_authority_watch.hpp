// The file of authorities for client certificates (callers.client_ca): read at the start, and read again when it
// changes.
//
//   client_authority_watch watch("/etc/pinhook/callers/ca.crt", options, tls);
//   if (auto ok = watch.open(); !ok) …                 // before the first certificate is served
//   tasks.spawn(watch.keep(on_stall));
//
// A file that cannot be used does not replace the authorities in use. Callers on open connections are checked by the
// new ones at their next request.
//
// Thread rule: the control thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/server/tls_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::webhook {

class client_authority_watch {
 public:
  /// `tls` outlives this.
  client_authority_watch(std::string file, file_watch_options options, server::tls_context& tls);

  /// invalid_input, naming the setting and the file: it cannot be read, or as tls_context::set_client_authorities.
  [[nodiscard]] result<void> open();

  /// `found`: the present content of the file. True: it differs from the last one, and is in use. Errors as `open`: the
  /// old authorities stay, and the same trouble is not reported again.
  [[nodiscard]] result<bool> take_if_changed(const file_contents& found);

  [[nodiscard]] const std::vector<watched_file>& files() const { return files_; }

  /// Looks at the file until it is canceled, and logs the result of a change. `on_stall`: as file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall);
  /// While `keep` runs: looks now.
  void hurry();

 private:
  result<void> use(const file_contents& found);

  const file_watch_options options_;
  const std::vector<watched_file> files_;
  server::tls_context& tls_;
  /// The mark of the content that was tried last.
  std::string tried_;
  std::optional<file_watch> watch_;
};

}  // namespace pinhook::webhook
