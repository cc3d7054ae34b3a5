// Whether a namespace has opted in, by its label pinhook.dev/pin. API servers send no reviews of others, so a review of
// one that has not comes from elsewhere, and pinhook shows it no credentials (docs/callers.md).
//
//   namespace_labels labels(api, io.get_executor(), machine_clock(), {.check = label_check::where_allowed});
//   if (auto refusal = co_await labels.refusal_of("team-a", d)) …
//
// A namespace that has opted in is asked for again after `ttl`; one that has not, or is not there, after `retry_after`,
// since somebody may just label it.
//
// Thread rule: one thread, that of the executor.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/label_check.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::kube {

struct namespace_labels_options {
  label_check check = label_check::never;
  std::chrono::nanoseconds ttl = std::chrono::seconds(30);
  std::chrono::nanoseconds retry_after = std::chrono::seconds(5);
  /// The longest that one read takes.
  std::chrono::nanoseconds read_limit = std::chrono::seconds(10);
  /// Called for every read, on the executor's thread.
  std::function<void(label_event)> on_read = {};
};

class namespace_labels {
 public:
  /// `time` must outlive the reads under way.
  namespace_labels(std::shared_ptr<api> from, asio::any_io_executor on, const clock& time,
                   namespace_labels_options options);

  [[nodiscard]] bool is_checked() const { return options_.check != label_check::never; }

  /// The reason for which the namespace gets no credentials; nothing: it gets them. denied: it has not opted in, or
  /// there is none of that name; other codes: as kube::api.
  awaitable<std::optional<error>> refusal_of(std::string ns, deadline d);

  /// Ends the reads under way.
  void cancel() { held_.cancel(); }

 private:
  using cache = fetch_cache<label_event>;

  [[nodiscard]] cache::fetch reader_of(const std::string& ns) const;

  std::shared_ptr<api> api_;
  const clock& time_;
  const namespace_labels_options options_;
  cache held_;
};

}  // namespace pinhook::kube
