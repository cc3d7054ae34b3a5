// A store of reports: the time to add one report of a large cluster, and the size of the file after a year.
#include "support/certificates.hpp"

#include <pinhook/store/history.hpp>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace {

using namespace pinhook;
using namespace std::chrono_literals;

constexpr int uses = 15'000;
constexpr int tags = 300;
const wall_time start = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));

// A report of week `week`: 7 % of the workloads have another image than the week before, a third of the images have a
// finding, and each tag has moved.
store::observation report_of(int week) {
  store::observation out{.cluster = "https://cluster.example:6443", .at = start + week * 168h};
  for (int i = 0; i < uses; ++i) {
    const int version = (week + i % 14) / 14;
    const bool is_pinned = i % 3 != 0;
    out.uses.push_back({{fmt::format("team-{}", i % 60), fmt::format("Deployment/service-{}", i), "web",
                         fmt::format("registry.example/team-{}/service-{}:1.{}{}", i % 60, i, version,
                                     is_pinned ? "@sha256:" + std::string(64, 'a') : "")},
                        {}});
    if (!is_pinned) out.uses.back().findings.push_back({"tag", "the image is not pinned to a digest"});
  }
  for (int i = 0; i < tags; ++i)
    out.tags.push_back(
        {fmt::format("registry.example/base-{}:latest", i), fmt::format("sha256:{:064x}", week), "bytes"});
  return out;
}

void year_of_reports(benchmark::State& state) {
  for (auto _ : state) {
    const testing::temporary_directory files;
    const auto path = (files.path() / "history.db").string();
    double first = 0;
    {
      auto opened = store::history::open(path, {});
      for (int week = 0; week < 52; ++week) {
        const auto seen = report_of(week);
        const auto before = std::chrono::steady_clock::now();
        if (!opened || !(*opened)->add(seen)) return state.SkipWithError("the store cannot be written");
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - before;
        state.counters[week == 0 ? "first_report_s" : "last_report_s"] = taken.count();
        if (week == 0) first = static_cast<double>(std::filesystem::file_size(path + "-wal"));
      }
    }
    state.counters["first_MB"] = first / 1e6;
    state.counters["year_MB"] = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  }
}
BENCHMARK(year_of_reports)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
