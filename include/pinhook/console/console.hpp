// The console: watches a cluster, keeps its rows in memory and their history in a store, asks registries at a gentle
// pace, and serves a page, a JSON API and metrics. It changes nothing in the cluster.
//
//   console one(control, std::move(options), connection, machine_clock());
//   if (auto ok = one.start(); !ok) …
//   …SIGTERM: co_await one.stop();
//
// Thread rule: the thread of `control`. Rows are made on a second thread, and registries are asked on a third.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/lookup_schedule.hpp>
#include <pinhook/console/row_engine.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/object_watch.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/server/listen_address.hpp>
#include <pinhook/server/tls_context.hpp>
#include <pinhook/store/history.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::console {

/// Asks registries for the manifests of references, one answer each, in their order; blocks, on a thread of its own,
/// one call at a time.
using manifest_lookup = std::function<std::vector<result<fleet::manifest>>(const std::vector<registry::reference>&)>;

struct console_options {
  server::listen_address listen;
  /// Files of the certificate; needed where it listens beyond loopback, since tokens are sent to it.
  std::optional<server::pair_names> certificate;
  /// That are watched; empty: all.
  std::vector<std::string> namespaces = {};
  /// That of `engine`, as it was given.
  std::string selector_text = {};
  /// Kinds of the operator beside those of the table.
  std::vector<pin::custom_kind> kinds = {};
  engine_options engine;
  /// Not null: of a file, or in memory.
  std::unique_ptr<store::history> history;
  bool has_store = false;
  /// The objects are made up; the page says so.
  bool is_demo = false;
  /// Empty: no registry is asked.
  manifest_lookup lookup = nullptr;
  schedule_options schedule = {};
  kube::watch_options watches = {};
  /// References that are looked up together; the next ones wait until all have an answer, and `rest`.
  std::size_t batch = 20;
  std::chrono::milliseconds rest{1'000};
  /// While references have not been asked for yet, rows are made of answers no more often than this.
  std::chrono::seconds first_pause{10};
  /// Changes that come within this time are one.
  std::chrono::milliseconds settle{250};
  /// How often every row is written to the store again, so that it is known until when they were there.
  std::chrono::seconds refresh{3'600};
  wait_seams seams = {};
};

class console {
 public:
  /// `control` and `time` outlive it.
  console(asio::io_context& control, console_options options, std::shared_ptr<kube::api_connection> to,
          const clock& time);
  console(const console&) = delete;
  console& operator=(const console&) = delete;
  ~console();

  /// Listens and begins to watch. invalid_input: address or certificate; unavailable: the address.
  [[nodiscard]] result<void> start();
  /// Answers what is under way, then ends all watches. Once, when `start` succeeded.
  awaitable<void> stop();

  [[nodiscard]] server::listen_address listens_at() const;
  /// What is shown now; not null.
  [[nodiscard]] std::shared_ptr<const fleet_view> view() const;
  [[nodiscard]] console_state state() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace pinhook::console
