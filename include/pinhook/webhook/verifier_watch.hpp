// The verifiers of a running process: loaded at the start, and again when their settings or the files behind them
// change.
//
//   auto watch = verifier_watch::open(settings.verifiers, [&](auto all) { proofs->use(std::move(all)); }, numbers);
//   tasks.spawn((*watch)->keep(on_stall));
//   if (auto good = (*watch)->take(changed.verifiers); !good) …   // the old ones stay
//
// base/file_watch reads the files. Verifiers that cannot be loaded never replace those in use.
//
// Thread rule: one thread; the verifiers may be used on any.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/signatures/verifier.hpp>
#include <pinhook/signatures/verifier_setting.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::webhook {

class verifier_watch {
 public:
  using settings = std::vector<signatures::verifier_setting>;
  using verifiers = std::shared_ptr<const std::vector<signatures::verifier>>;

  /// Loads the verifiers and gives them to `use`, as after each change. `numbers` outlives this. invalid_input: a file
  /// that cannot be read or used, with the verifier and the key that name it.
  [[nodiscard]] static result<std::unique_ptr<verifier_watch>> open(settings s, std::function<void(verifiers)> use,
                                                                    server::metrics& numbers);

  /// Other settings: loads them and watches their files from now on. Errors as `open`, and the old ones stay.
  [[nodiscard]] result<void> take(settings s);

  /// `found`: what the files hold now. True: it differs from the last time, and is in use. Errors as `open`. Counts.
  [[nodiscard]] result<bool> take_if_changed(const file_contents& found);

  /// What the files hold now. Blocks; any thread.
  [[nodiscard]] file_contents look() const;

  /// Looks at the files every few seconds until it is canceled, and logs the result of a change. `on_stall`: as
  /// file_watch.
  awaitable<void> keep(std::function<void(bool)> on_stall);

  /// While `keep` runs: looks now.
  void hurry();

 private:
  verifier_watch(std::function<void(verifiers)> use, server::metrics& numbers);
  [[nodiscard]] result<void> load(std::shared_ptr<const settings> s);

  // Also read by the thread that looks at the files.
  using shared_settings = shared_value<const settings>;
  const std::shared_ptr<shared_settings> settings_ = std::make_shared<shared_settings>();
  const std::function<void(verifiers)> use_;
  server::metrics& numbers_;
  /// The mark of the content that was read last.
  std::string last_mark_;
  std::optional<file_watch> watch_;
};

}  // namespace pinhook::webhook
