// The configuration file of a running process: read again when its content changes. The settings that decide about
// images (`pin.…`, `rules`, `verifiers`) take effect at once; all other changed settings are reported as those that
// need a restart.
//
//   configuration_watch watch(source, in_use, [&](const settings& s) { handler.use(book_of(s)); }, numbers);
//   tasks.spawn(watch.keep(on_stall));
//
// The whole file is read as at the start, variables and flags win over it as then, and it is taken as a whole or not at
// all: a file that is invalid, deleted or emptied changes nothing. base/file_watch reads it.
//
// Thread rule: one thread, which preparing the rules keeps busy: some 10 ms for a thousand, 50 ms for the maximum of
// 5,000, once for each change. In the webhook that is the control thread: answers from the cache go on meanwhile, a
// look-up at a registry waits.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/server/metrics.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::webhook {

/// Whether a changed value of that setting takes effect without a restart: pin.…, rules, verifiers and help.
[[nodiscard]] bool is_live(std::string_view key);

/// A changed file that is in use.
struct configuration_change {
  /// Keys of settings whose values differ from those at the start, and take effect after a restart.
  std::vector<std::string> after_restart;
};

class configuration_watch {
 public:
  /// `started`: the settings that `from.text` gave. `use` gets them with the live ones replaced, whenever these may
  /// have changed. `numbers` outlives this.
  /// `accept` is called before `use`, where more than the file is needed; its error makes the file invalid.
  configuration_watch(config::configuration_source from, config::settings started,
                      std::function<void(const config::settings&)> use, server::metrics& numbers,
                      std::function<result<void>(const config::settings&)> accept = {});

  /// `found`: the present content of the file. Empty result: it is as it was at the last look. invalid_input, with the
  /// file, line and reason: the old settings stay in use; the same trouble is not reported again before the content
  /// changes. Counts.
  [[nodiscard]] result<std::optional<configuration_change>> take_if_changed(const file_contents& found);

  /// The same for the content of now: reads the file, within base's read_limit.
  [[nodiscard]] result<std::optional<configuration_change>> take_now();

  /// The file to be read for take_if_changed.
  [[nodiscard]] std::vector<watched_file> files() const;

  /// Looks at the file every few seconds until it is canceled, and logs the result of a change. `on_stall`: as
  /// file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall);

  /// While `keep` runs: looks now.
  void hurry();

 private:
  result<config::settings> settings_of(const file_contents& found) const;
  void log_change(const result<configuration_change>& taken) const;

  const config::configuration_source from_;
  const config::settings started_;
  const std::function<void(const config::settings&)> use_;
  const std::function<result<void>(const config::settings&)> accept_;
  server::metrics& numbers_;
  /// The mark of the content that was read last.
  std::string last_mark_;
  std::optional<file_watch> watch_;
  /// Whether the file in use has no settings at all.
  bool is_blank_ = false;
};

}  // namespace pinhook::webhook
