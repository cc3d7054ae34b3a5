#include <pinhook/webhook/cores.hpp>

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace pinhook::webhook {
namespace {

std::size_t bound_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines with more cores than a cpu_set_t holds.
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// The path of this process in the unified hierarchy: the line "0::/path" of /proc/self/cgroup.
std::filesystem::path own_group() {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("0::/")) return std::filesystem::path(line.substr(4)).lexically_normal();
  return {};
}

bool take_number(std::string_view& text, std::uint64_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::size_t limit_cores(std::size_t most, std::string_view cpu_max) {
  most = std::max<std::size_t>(most, 1);
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  if (!take_number(cpu_max, quota) || !cpu_max.starts_with(' ')) return most;
  cpu_max.remove_prefix(1);
  if (!take_number(cpu_max, period) || period == 0) return most;
  const std::uint64_t cores = quota / period + (quota % period == 0 ? 0 : 1);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(cores, 1, most));
}

std::size_t usable_cores() {
  const std::filesystem::path root = "/sys/fs/cgroup";
  std::size_t cores = bound_cores();
  for (auto group = own_group();; group = group.parent_path()) {
    cores = limit_cores(cores, first_line(root / group / "cpu.max"));
    if (group.empty() || group == group.parent_path()) return cores;
  }
}

}  // namespace pinhook::webhook
