// Options of the gate towards registries.
//
// Plain values; any thread.
#pragma once

#include <pinhook/resolve/backoff.hpp>

#include <chrono>
#include <cstddef>

namespace pinhook::resolve {

struct gate_options {
  /// Requests under way to one registry. More finish no sooner at most registries and are limited sooner.
  std::size_t requests_per_host = 16;
  /// Requests under way to all of them: each may be a connection, and those that hang must not take every connection
  /// that the HTTP client opens (curl_multi_options::connections), where more would wait out of sight.
  std::size_t requests = 192;
  /// Of both: places kept for an owner that has none. Zero where there is one owner only.
  std::size_t reserved = 1;
  /// A request may take this time while another owner that has fewer waits for its place.
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
  /// Registries that are busy or in trouble at the same time; names of registries come from anyone who may create Pods.
  /// More than look-ups may be under way, so that the busy ones alone never fill it.
  std::size_t hosts = 8192;
  backoff_options backoff;
};

}  // namespace pinhook::resolve
