// What the reading of pull secrets is configured with.
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::kube {

struct pull_secrets_options {
  /// How old an answer of the API may be. Longer: fewer requests to the API server, later news.
  std::chrono::nanoseconds ttl = std::chrono::seconds(30);
  /// Namespaces whose secrets may be read; empty: all.
  std::vector<std::string> namespaces;
  /// What a request waits for the API. A read that takes longer goes on, and the next request finds its answer.
  std::chrono::nanoseconds read_limit = std::chrono::seconds(3);
  /// How soon what could not be read is tried again.
  std::chrono::nanoseconds retry_after = std::chrono::seconds(5);
  /// Tenants whose sources are held; more: those that end first go.
  std::size_t capacity = 1000;
};

}  // namespace pinhook::kube
