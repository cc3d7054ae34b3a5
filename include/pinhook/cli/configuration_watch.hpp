// The configuration file that a process serves by: read again when its content changes. What decides about images
// (`pin.…`, `rules`) counts from then on; everything else is named as what a restart would bring.
//
//   configuration_watch watch(source, in_use, [&](const settings& s) { handler.use(book_of(s)); }, numbers);
//   tasks.spawn(watch.keep());
//
// The whole file is read as at the start, variables and flags win over it as then, and it is taken as a whole or not at
// all: one that is no good, vanished or emptied leaves what was in use. Contents are compared, not times or names: the
// kubelet changes a mounted ConfigMap by a symbolic link (and never one that is mounted by subPath).
//
// Thread rule: one thread, which reading and preparing the rules keeps busy: some 10 ms for a thousand, 50 ms for the
// 5,000 that there can be, once for each change. In the webhook that is the control thread: what the cache answers goes
// on meanwhile, a look-up at a registry waits.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cli/configuration_source.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/server/metrics.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// Whether a changed value of that setting counts without a restart: pin.… and rules.
[[nodiscard]] bool is_live(std::string_view key);

/// A changed file that is in use.
struct configuration_change {
  /// Keys of settings that are others than those the process started with, and count after a restart.
  std::vector<std::string> after_restart;
};

class configuration_watch {
 public:
  /// `started`: the settings that `from.text` gave. `use` gets them with what is live replaced, whenever that may have
  /// changed. `numbers` outlives this.
  configuration_watch(configuration_source from, config::settings started,
                      std::function<void(const config::settings&)> use, server::metrics& numbers);

  /// Reads the file again. Nothing: it is as it was at the last look. invalid_input, with the file, line and reason:
  /// what was in use stays so; the same trouble is not told again before the content changes. Counts.
  [[nodiscard]] result<std::optional<configuration_change>> reload_if_changed();

  /// Looks at the file every few seconds until it is canceled, and logs what became of a change. A content counts when
  /// it is still the same a second later: who writes in place may be in the middle of it.
  awaitable<void> keep();

 private:
  struct content {
    result<std::string> text;
    /// As seen_.
    std::string mark;
  };
  [[nodiscard]] content look() const;
  result<configuration_change> take(content found);
  result<config::settings> settings_of(const content& found) const;
  void tell(const result<configuration_change>& taken) const;

  const configuration_source from_;
  const config::settings started_;
  const std::function<void(const config::settings&)> use_;
  server::metrics& numbers_;
  /// What was seen last: the digest of the content, or why it could not be read.
  std::string seen_;
  /// Whether the file in use says nothing at all.
  bool is_blank_ = false;
};

}  // namespace pinhook::cli
