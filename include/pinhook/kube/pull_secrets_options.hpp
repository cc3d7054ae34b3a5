// The configuration of the reading of pull secrets.
//
// Plain values; any thread.
#pragma once

#include <pinhook/kube/label_check.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::registry {
class mirror_grants;
}  // namespace pinhook::registry

namespace pinhook::kube {

struct pull_secrets_options {
  /// The longest age of an answer of the API. Longer: fewer requests to the API server, later changes.
  std::chrono::nanoseconds ttl = std::chrono::seconds(30);
  /// Namespaces with secrets that are read; empty: all.
  std::vector<std::string> namespaces;
  /// The time for which a request waits for the API. A read that takes longer continues, and the next request finds its
  /// answer.
  std::chrono::nanoseconds read_limit = std::chrono::seconds(3);
  /// The time before a failed read is tried again.
  std::chrono::nanoseconds retry_after = std::chrono::seconds(5);
  /// Whether a namespace has to have opted in, so that its secrets, and the sources behind them, are used.
  label_check labels = label_check::never;
  /// The images whose mirrors are shown the secrets, too; null: none.
  std::shared_ptr<const registry::mirror_grants> grants = {};
  /// Called for each read of a namespace, on the control thread.
  std::function<void(label_event)> on_namespace = {};
  /// The number of tenants with held sources; beyond it those that expire first are dropped.
  std::size_t capacity = 1000;
};

}  // namespace pinhook::kube
