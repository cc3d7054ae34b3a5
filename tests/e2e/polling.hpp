// Waiting in the end-to-end tests: a condition is asked for until it holds, at most for a while.
//
//   EXPECT_TRUE(eventually([&] { return get(ns, "deployment/web", "/status/replicas") == "2"; })) << "…";
#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace pinhook::e2e {

inline constexpr std::chrono::seconds patience{30};

/// Whether `holds()` becomes true in time.
template <class Condition>
bool eventually(Condition holds, std::chrono::milliseconds within = patience,
                std::chrono::milliseconds pause = std::chrono::milliseconds(100)) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

/// Whether `holds()` stays true for that long.
template <class Condition>
bool always(Condition holds, std::chrono::milliseconds during, std::chrono::milliseconds pause) {
  return !eventually([&] { return !holds(); }, during, pause);
}

}  // namespace pinhook::e2e
