// The console: watches a cluster, keeps its rows in memory and their history in a store, asks registries at a gentle
// pace, and serves a page, a JSON API and metrics. No request of a viewer changes anything in the cluster; it writes
// one ConfigMap where its options name one.
//
//   console one(control, std::move(options), connection, machine_clock());
//   if (auto ok = one.start(); !ok) …
//   …SIGTERM: co_await one.stop();
//
// Thread rule: the thread of `control`. Rows are made on a second thread, and registries are asked on a third.
#pragma once

#include <pinhook/access/file_object.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/registry_feed.hpp>
#include <pinhook/console/row_engine.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/object_watch.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/server/listen_address.hpp>
#include <pinhook/server/tls_context.hpp>
#include <pinhook/store/history.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::console {

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
  registry_options registries = {};
  /// Gets the file of moved tags, for the webhook; nothing: none is written.
  std::optional<access::file_object_name> moves_configmap = {};
  kube::watch_options watches = {};
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
