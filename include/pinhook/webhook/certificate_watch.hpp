// The certificate that is given as files: read at the start, and read again when their contents change.
//
//   certificate_watch watch({"/tls/tls.crt", "/tls/tls.key"}, options, tls, numbers);
//   if (auto ok = watch.open(); !ok) …
//   tasks.spawn(watch.keep(on_stall));
//
// An invalid pair does not replace the one in use. Neither does one that has expired, or is not valid yet, while the
// one in use is valid (server/certificate_validity); it is tried again at each look, since its time may come.
//
// Thread rule: the control thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/tls_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::webhook {

class certificate_watch {
 public:
  /// `tls` and `numbers` outlive this.
  certificate_watch(server::pair_names files, file_watch_options options, server::tls_context& tls,
                    server::metrics& numbers);

  /// Reads the pair and puts it into use. invalid_input, naming the file: it cannot be read, or as
  /// tls_context::set_pair.
  [[nodiscard]] result<void> open();

  /// `found`: the present contents of the files. True: the pair is another than the one last tried, and now in use.
  /// Errors as `open`: the old pair stays, and the same trouble is not reported again. Counts.
  [[nodiscard]] result<bool> take_if_changed(const file_contents& found);
  /// The same for the pair that had to wait for its time: true when its time has come and it is in use.
  [[nodiscard]] result<bool> take_held();

  /// The files to be read for take_if_changed.
  [[nodiscard]] const std::vector<watched_file>& files() const { return files_; }

  /// Looks at the files again and again until it is canceled, and logs the result of a change. `on_stall`: as
  /// file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall);

  /// While `keep` runs: looks now.
  void hurry();

 private:
  result<void> use(const file_contents& found);
  void log_change(const result<bool>& taken);

  const server::pair_names names_;
  const file_watch_options options_;
  const std::vector<watched_file> files_;
  server::tls_context& tls_;
  server::metrics& numbers_;
  /// The mark of the contents that were tried last, valid or not.
  std::string tried_;
  /// The pair that waits for its time.
  std::optional<file_contents> held_;
  std::optional<file_watch> watch_;
};

}  // namespace pinhook::webhook
